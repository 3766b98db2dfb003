import { z } from 'zod';

/** V8's CPU profile, as `node --cpu-prof` writes it; times in microseconds. */
const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.infer<typeof profileSchema>;

/** Reads a `.cpuprofile`. */
export function parseProfile(text: string): CpuProfile {
  return profileSchema.parse(JSON.parse(text));
}

/** Where the time of a profile went, ms by name, the most first. Waiting is left out. */
export interface ProfileShares {
  readonly totalMs: number;
  /** By the room or package whose code was running. */
  readonly groups: readonly (readonly [name: string, ms: number])[];
  /** By the function that was running itself. */
  readonly self: readonly (readonly [name: string, ms: number])[];
  /** By the function of ours for which it ran, whatever it called. */
  readonly functions: readonly (readonly [name: string, ms: number])[];
}

/** Shares between two moments of the monotonic clock, ms. */
export function sharesOf(profile: CpuProfile, fromMs: number, untilMs: number): ProfileShares {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
  );
  const groups = new Map<string, number>();
  const self = new Map<string, number>();
  const functions = new Map<string, number>();
  let totalMs = 0;
  let at = profile.startTime / 1_000;
  for (const [index, id] of profile.samples.entries()) {
    const ms = (profile.timeDeltas[index] ?? 0) / 1_000;
    at += ms;
    const node = nodes.get(id);
    if (!node || at < fromMs || at > untilMs || node.callFrame.functionName === '(idle)') continue;
    totalMs += ms;
    add(groups, groupOf(node.callFrame), ms);
    add(self, `${groupOf(node.callFrame)} ${node.callFrame.functionName}`, ms);
    const owner = ownerOf(id, nodes, parents);
    if (owner !== undefined) add(functions, owner, ms);
  }
  return { totalMs, groups: ranked(groups), self: ranked(self), functions: ranked(functions) };
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

/** Ours by room, a package by name, Node by itself; what V8 puts in brackets stays. */
export function groupOf({ functionName, url }: Frame): string {
  const room = /\/dist\/(src\/[^/]+|scripts)(?:\/|\.js)/.exec(url)?.[1];
  if (room !== undefined && !url.includes('/node_modules/')) return room;
  const packages = [...url.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/g)];
  const name = packages.at(-1)?.[1];
  if (name !== undefined) return name;
  if (url.startsWith('node:')) return 'node';
  if (functionName.startsWith('(')) return functionName;
  return url === '' ? 'native' : 'workflow bundle';
}

function ownerOf(
  id: number,
  nodes: ReadonlyMap<number, CpuProfile['nodes'][number]>,
  parents: ReadonlyMap<number, number>,
): string | undefined {
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = nodes.get(at)?.callFrame;
    const file = frame && /\/dist\/(src\/.+)\.js$/.exec(frame.url)?.[1];
    if (frame && file !== undefined) return `${file} ${frame.functionName || '(anonymous)'}`;
  }
  return undefined;
}

function add(to: Map<string, number>, name: string, ms: number): void {
  to.set(name, (to.get(name) ?? 0) + ms);
}

function ranked(shares: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...shares].toSorted((a, b) => b[1] - a[1]);
}
