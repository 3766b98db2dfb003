import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ASK_MS = 20_000;
/** How Node names the text that `askNode` gives it. */
const EVAL = '/[eval1]';
/** This package's own code, whose frames say nothing about somebody's module. */
const OWN = new URL('../', import.meta.url).href;

/**
 * Where importing a module failed, in words to append: the line of the module itself, or the file and line of what it imports; empty when that
 * cannot be told.
 */
export function faultPlace(error: unknown, url: string): string {
  if (!(error instanceof Error)) return '';
  const stack = error.stack ?? '';
  const asked = () => (error instanceof SyntaxError ? headPlace(askNode(url), url) : undefined);
  const place = frameIn(stack, url) ?? headPlace(stack, url) ?? frameElsewhere(stack) ?? asked();
  if (place === undefined) return '';
  return place.url === url ? ` (line ${place.line})` : ` (${shownPath(place.url)}, line ${place.line})`;
}

interface Place {
  readonly url: string;
  readonly line: string;
}

/** The module's own line, wherever the stack passes it. */
function frameIn(stack: string, url: string): Place | undefined {
  const at = stack.indexOf(`${url}:`);
  const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + url.length + 1))?.[0];
  return line === undefined ? undefined : { url, line };
}

/** The first line of a SyntaxError as Node writes it where it knows the place: `file:///a.mjs:2`, or `/a.cjs:2`. */
function headPlace(text: string, module: string): Place | undefined {
  const [, file, line] = /^(file:\/\/\S+|[^\s:][^\n]*\.\w+):(\d+)\n/.exec(text) ?? [];
  if (file === undefined || line === undefined || file.endsWith(EVAL)) return undefined;
  return { url: file === fileURLToPath(module) ? module : file, line };
}

/** The first frame in somebody's own file. */
function frameElsewhere(stack: string): Place | undefined {
  const frames = [...stack.matchAll(/(file:\/\/[^\s)]+?):(\d+):\d+/g)].map(([, url = '', line = '']) => ({
    url,
    line,
  }));
  return frames.find(({ url }) => !url.startsWith(OWN) && !url.includes('/node_modules/'));
}

function shownPath(place: string): string {
  return place.startsWith('file:') ? fileURLToPath(place) : place;
}

/**
 * An import does not say where the syntax is wrong; a process of its own writes it to standard error. What it imports behind the module cannot
 * be linked, so nothing of the module runs a second time.
 */
function askNode(url: string): string {
  const imports = `import ${JSON.stringify(url)}; import { nothing } from 'data:text/javascript,';`;
  const asked = spawnSync(process.execPath, ['--input-type=module', '--eval', imports], {
    encoding: 'utf8',
    timeout: ASK_MS,
  });
  return asked.error ? '' : asked.stderr; // when it could not be asked, `stderr` is null, whatever its type says
}
