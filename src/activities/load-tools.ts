import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isTool } from '../contract/tool.js';
import type { Tool } from '../contract/tool.js';
import { CountersignError } from '../domain/errors.js';
import { faultPlace } from './fault-place.js';

/** The tools of a deployment by name. */
export type Toolbox = ReadonlyMap<string, Tool>;

/**
 * Imports the module named by COUNTERSIGN_TOOLS (`.js`, `.mjs`, or TypeScript) and collects every tool it exports: by name, or in an array
 * or record as its default. Throws CountersignError `config` that says what is wrong, where, and what to do.
 */
export async function loadTools(modulePath: string): Promise<Toolbox> {
  const file = resolve(modulePath);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined)
    throw problem(
      file,
      'there is no such file',
      'set COUNTERSIGN_TOOLS to the module that exports your tools',
    );
  if (found.isDirectory() || !EXTENSIONS.includes(extname(file)))
    throw problem(
      file,
      found.isDirectory() ? 'it is a folder' : 'it is no module by its name',
      `name the file itself (${EXTENSIONS.join(', ')})`,
    );
  const tools = [...new Set(exportedTools(await importModule(file)))];
  if (tools.length === 0)
    throw problem(
      file,
      'it exports no tool',
      'export what defineTool returns: `export const myTool = defineTool({ ... })`',
    );
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (byName.has(tool.name))
      throw problem(file, `two of its tools are named ${tool.name}`, 'give each tool a name of its own');
    byName.set(tool.name, tool);
  }
  return byName;
}

const EXTENSIONS: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];
/** A module that waits for something at its top level may not keep a worker waiting for ever. */
const IMPORT_MS = 20_000;

/** What the module prints meanwhile goes to standard error: standard output belongs to the command, and may have to be JSON. */
async function importModule(file: string): Promise<object> {
  const url = pathToFileURL(file).href;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const seconds = IMPORT_MS / 1_000;
    timer = setTimeout(() => reject(new Error(`its top level did not end within ${seconds} s`)), IMPORT_MS);
  });
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await Promise.race([imported(file, url), late]);
  } catch (error) {
    // What defineTool says of a tool is all there is to say; it may be the defineTool of another copy of this package.
    if (error instanceof Error && error.name === 'CountersignError')
      throw problem(file, error.message, `correct the tool${faultPlace(error, url)}`);
    throw problem(
      file,
      `it cannot be imported: ${error instanceof Error ? error.message : String(error)}${faultPlace(error, url)}`,
      'correct the module, or what it imports',
    );
  } finally {
    clearTimeout(timer);
    process.stdout.write = write;
  }
}

async function imported(file: string, url: string): Promise<object> {
  if (!['.ts', '.mts', '.cts'].includes(extname(file))) return (await import(url)) as object; // a module namespace
  const { tsImport } = await import('tsx/esm/api');
  return (await tsImport(url, import.meta.url)) as object; // a module namespace
}

/** Tools among the exports; a default, and what CommonJS makes of one, are looked into. */
function exportedTools(exported: object, depth = 0): readonly Tool[] {
  return Object.values(exported).flatMap((value: unknown) => {
    if (isTool(value)) return [value];
    return typeof value === 'object' && value !== null && depth < 2 ? exportedTools(value, depth + 1) : [];
  });
}

function problem(file: string, what: string, todo: string): CountersignError {
  return new CountersignError('config', `tools module ${file}: ${what}; ${todo}`);
}
