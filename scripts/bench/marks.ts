import { closeSync, openSync, readSync, watch, writeFileSync, writeSync } from 'node:fs';

/** Milliseconds of the one clock that all processes of a machine share and nobody sets (CLOCK_MONOTONIC). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What the processes under test report: `asking` = the tool's preview or the prepare activity; `waiting` = ready for a decision. */
export type MarkKind = 'asking' | 'waiting' | 'executed';

/** Writes marks into a file: one line each, whole, whoever else writes. */
export function markWriter(path: string): (kind: MarkKind, id: string) => void {
  const file = openSync(path, 'a');
  return (kind, id) => void writeSync(file, `${kind} ${id} ${monotonicMs()}\n`);
}

/** The marks of all processes, as they come. */
export interface Marks {
  readonly path: string;
  /** When it first happened, `monotonicMs`; waits for it. Rejects after `timeoutMs`. */
  wait(kind: MarkKind, id: string, timeoutMs?: number): Promise<number>;
  close(): void;
}

/** Opens the file of marks at `path`, empty. */
export function openMarks(path: string): Marks {
  writeFileSync(path, '');
  const file = openSync(path, 'r');
  const seen = new Map<string, number>();
  const waiting = new Map<string, (at: number) => void>();
  const buffer = Buffer.alloc(65_536);
  let rest = '';

  function take(line: string): void {
    const [kind = '', id = '', at = ''] = line.split(' ');
    const key = `${kind} ${id}`;
    if (!seen.has(key)) seen.set(key, Number(at));
    waiting.get(key)?.(Number(at));
    waiting.delete(key);
  }
  function read(): void {
    for (let length = 1; length > 0;) {
      length = readSync(file, buffer, 0, buffer.length, null);
      const lines = (rest + buffer.toString('utf8', 0, length)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    }
  }
  const watcher = watch(path, read);
  const timer = setInterval(read, 50); // not every file system tells of every write

  return {
    path,
    wait(kind, id, timeoutMs = 60_000) {
      const key = `${kind} ${id}`;
      const before = seen.get(key);
      if (before !== undefined) return Promise.resolve(before);
      return new Promise((resolve, reject) => {
        const over = setTimeout(() => {
          waiting.delete(key);
          reject(new Error(`nothing reported "${key}" within ${timeoutMs} ms`));
        }, timeoutMs);
        waiting.set(key, (at) => {
          clearTimeout(over);
          resolve(at);
        });
      });
    },
    close() {
      watcher.close();
      clearInterval(timer);
      closeSync(file);
    },
  };
}
