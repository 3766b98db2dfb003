import { z } from 'zod';
import { scriptSteps } from './activities/adapters/scripted-planner.js';
import { plainJsonProblem } from './contract/plain-json.js';
import type { Json } from './domain/action.js';
import { CountersignError } from './domain/errors.js';
import { problemLine } from './policy/check.js';
import { readDocument } from './policy/document.js';
import { schemaFindings } from './policy/schema-findings.js';
import type { Problem } from './policy/problem.js';
import { readTextFile } from './text-file.js';

const script = z.strictObject({ steps: scriptSteps });

/**
 * Reads a script for the planner `scripted`, `{ steps: [{ calls: [{ tool, args }], when? }] }` as YAML or JSON: what goes into the planner's
 * input. Throws `usage` with every problem by line, or when the file cannot be read.
 */
export function readScriptFile(path: string): { readonly [key: string]: Json } {
  const source = readTextFile(path, 'Name the script.');
  const document = readDocument(source, 'script');
  const parsed = script.safeParse(document.data);
  const problems: readonly Problem[] =
    document.problems.length > 0 || parsed.success
      ? document.problems
      : parsed.error.issues
          .flatMap((issue) => schemaFindings(issue, document.data))
          .map((finding) => document.place(finding));
  const surprise = problems.length > 0 ? undefined : plainJsonProblem(document.data);
  const lines = problems.map((problem) => problemLine(path, problem));
  if (surprise !== undefined) lines.push(`${path}: ${surprise.path}: ${surprise.message}`);
  if (lines.length > 0)
    throw new CountersignError('usage', `The script cannot be used:\n${lines.join('\n')}`);
  return document.data as { readonly [key: string]: Json }; // fits the schema, and is plain JSON
}
