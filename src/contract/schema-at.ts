import type { Json } from '../domain/action.js';

/** Steps from the root of a value: keys and indexes. */
export type Path = readonly (string | number)[];
/** A JSON object. */
export type Members = { readonly [key: string]: Json };

/** Whether a value is a JSON array. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a value is a JSON object. */
export function isMembers(value: Json): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) {
    if (typeof step === 'number') here = here !== undefined && isList(here) ? here[step] : undefined;
    else here = here !== undefined && isMembers(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

/** Every part of a JSON Schema (2020-12) that says something of the value at a path, whichever branch applies. */
export function schemasAt(root: Json, path: Path): readonly Members[] {
  let parts = readings(root, root, new Set());
  // Each once: branches that share a member would double with every step.
  for (const step of path) parts = [...new Set(parts.flatMap((part) => stepInto(root, part, step)))];
  return parts;
}

/** Whether a JSON Schema names the last step of a path: an index, or a key that the caller may choose, is none of its own. */
export function isDeclared(root: Json, path: Path): boolean {
  const step = path.at(-1);
  return schemasAt(root, path.slice(0, -1)).some(
    ({ properties = null }) =>
      typeof step === 'string' && isMembers(properties) && Object.hasOwn(properties, step),
  );
}

function stepInto(root: Json, part: Members, step: string | number): readonly Members[] {
  const next: (Json | undefined)[] = [];
  if (typeof step === 'number') {
    const tuple = part['prefixItems'] ?? null;
    next.push(isList(tuple) ? tuple[step] : undefined, part['items'], part['contains']);
  } else {
    const properties = part['properties'] ?? null;
    const patterns = part['patternProperties'] ?? null;
    if (isMembers(properties) && Object.hasOwn(properties, step)) next.push(properties[step]);
    if (isMembers(patterns)) next.push(...Object.values(patterns));
    next.push(part['additionalProperties']);
  }
  return next.flatMap((schema) => (schema === undefined ? [] : readings(root, schema, new Set())));
}

/** A schema and all that it refers to or combines, each once: schemas may refer to themselves. */
function readings(root: Json, schema: Json, seen: Set<Json>): readonly Members[] {
  if (!isMembers(schema) || seen.has(schema)) return [];
  seen.add(schema);
  const combined = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => {
    const branches = schema[key] ?? null;
    return isList(branches) ? branches : [];
  });
  const target = schema['$ref'];
  if (typeof target === 'string') combined.push(pointed(root, target));
  return [schema, ...combined.flatMap((branch) => readings(root, branch, seen))];
}

/** What a local JSON Pointer (RFC 6901) names. */
function pointed(root: Json, reference: string): Json {
  const steps = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '');
  let here: Json = root;
  for (const step of steps) here = valueAt(here, [step.replaceAll('~1', '/').replaceAll('~0', '~')]) ?? null;
  return here;
}
