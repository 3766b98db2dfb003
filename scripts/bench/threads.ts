import { readdirSync, readFileSync } from 'node:fs';
import { parseStat } from './proc.js';

/** CPU ms so far of a process by the names of its threads; the first thread is `main`, as V8 names its helpers like the program. */
export function threadCpuOf(pid: number): Record<string, number> {
  const total: Record<string, number> = {};
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const name = Number(thread) === pid ? 'main' : threadName(text);
      total[name] = (total[name] ?? 0) + parseStat(text).ownMs;
    } catch {
      continue; // it ended meanwhile
    }
  }
  return total;
}

/** The name in a stat line, without a number at its end. */
export function threadName(stat: string): string {
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  return name.replace(/[-\s]?\d+$/, '');
}
