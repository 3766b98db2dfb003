import { parseArgs } from 'node:util';
import { CountersignError } from '../../src/domain/errors.js';

/** What a script was called with. */
export interface ScriptLine {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly keep: boolean;
}

/** Reads a script's command line; undefined when its usage was asked for and is printed. Throws `usage` that tells it for any other one. */
export function scriptLine(
  usage: string,
  takes: { readonly files: number; readonly keep: boolean },
): ScriptLine | undefined {
  const { values, positionals: files } = parsed(usage, takes.keep);
  if (values.help === true) return void process.stdout.write(`${usage}\n`);
  if (files.length !== takes.files) throw new CountersignError('usage', usage);
  return { files, json: values.json === true, keep: values.keep === true };
}

function parsed(usage: string, keep: boolean) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: flag, help: { ...flag, short: 'h' }, ...(keep ? { keep: flag } : {}) },
    }) as { values: { json?: boolean; help?: boolean; keep?: boolean }; positionals: string[] }; // the options above, `keep` perhaps
  } catch (error) {
    throw new CountersignError('usage', `${error instanceof Error ? error.message : 'wrong'}; ${usage}`);
  }
}
