import type { z } from 'zod';
import type { Json } from '../domain/action.js';
import { schemasAt, type Path } from './schema-at.js';
import { pathText } from './strict-json.js';

/** Places that are told of one result. */
const MOST_PLACES = 3;

/**
 * Where a result is not of the declared type, in words that quote nothing of it: a result may hold personal data, in the names of members too.
 * Null = it fits. Never throws: the call has happened.
 */
export function outputProblem(output: z.ZodType, schema: Json, result: Json): string | null {
  try {
    const read = output.safeParse(result);
    if (read.success) return null;
    const places = read.error.issues.map((issue) => `${declaredPath(schema, issue.path)} (${issue.code})`);
    return `the result is not what the tool declares as output: ${[...new Set(places)].slice(0, MOST_PLACES).join(', ')}`;
  } catch {
    return 'the output schema of the tool failed on the result';
  }
}

/** A path in which a member that no schema names, such as the key of a record, is a star. */
function declaredPath(schema: Json, path: readonly PropertyKey[]): string {
  const steps: (string | number)[] = [];
  for (const key of path)
    steps.push(typeof key === 'number' ? key : isDeclared(schema, steps, key) ? String(key) : '*');
  return pathText(steps);
}

function isDeclared(schema: Json, at: Path, key: PropertyKey): boolean {
  return schemasAt(schema, at).some((part) => Object.hasOwn(Object(part['properties'] ?? {}), key));
}
