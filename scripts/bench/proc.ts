import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit in /proc/PID/stat; 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICK_MS = 10;

/** What proc(5) says of a process that a meter needs. */
export interface ProcessStat {
  readonly parent: number;
  /** User and system time of its own, ms. */
  readonly ownMs: number;
  /** The same of children that ended and were waited for. */
  readonly endedChildrenMs: number;
}

/** Reads the text of /proc/PID/stat. The name, field 2, may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number) => Number(fields[field - 3]) * TICK_MS;
  return { parent: Number(fields[1]), ownMs: ticks(14) + ticks(15), endedChildrenMs: ticks(16) + ticks(17) };
}

/** The figures of a living process; nothing once it has gone. */
export function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** CPU time of a process and of its ended children, ms; 0 when it has gone. */
export function cpuMsOf(pid: number | undefined): number {
  const stat = pid === undefined ? undefined : statOf(pid);
  return stat === undefined ? 0 : stat.ownMs + stat.endedChildrenMs;
}

/** Resident memory of a process, bytes; 0 when it has gone. */
export function residentBytesOf(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** The living children of a process. */
export function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((each) => statOf(each)?.parent === pid);
}
