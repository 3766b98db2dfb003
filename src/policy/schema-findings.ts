import type { z } from 'zod';
import type { Finding, Path } from './problem.js';

/** What the schema says against the file, in the words of the file. */
export function schemaFindings(issue: z.core.$ZodIssue, data: unknown): Finding[] {
  const path: Path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      key: true,
      what: `unknown key \`${key}\``,
      todo: `remove or rename it: ${issue.message}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({
      path,
      what: `not a valid name: ${inner.message}`,
      todo: 'choose another name',
    }));
  }
  const value = valueAt(data, path);
  if (value === undefined)
    return [{ path, what: 'missing', todo: `add it: ${wanted(issue) ?? `it ${issue.message}`}` }];
  const words = wanted(issue);
  const todo = words === null ? 'correct the value' : `write ${words}`;
  return [{ path, what: whatOf(issue, value), todo }];
}

const WORDS: Readonly<Record<string, string>> = {
  object: 'a map such as { key: value }',
  record: 'a map such as { key: value }',
  array: 'a list such as [a, b]',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
};

/** What belongs here; null where the message says what the value must be. */
function wanted(issue: z.core.$ZodIssue): string | null {
  if (isOwn(issue)) return null;
  if (issue.code === 'invalid_type') return WORDS[issue.expected] ?? issue.expected;
  if (issue.code !== 'invalid_value') return null;
  return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
}

function whatOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && !isOwn(issue))
    return typeof value === 'string' && value.length <= 40 ? `unknown value \`${value}\`` : 'unknown value';
  return issue.message.replace(/^(Invalid input|Too small|Too big): /, '');
}

/** Whether the message is one of the schema's own, and no sentence of the library. */
function isOwn({ message }: z.core.$ZodIssue): boolean {
  return message.startsWith('must ');
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined,
    data,
  );
}
