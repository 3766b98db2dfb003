import type { ToolFacts } from '../domain/action.js';
import { TIER_FLOOR } from './defaults.js';
import type { Draft } from './draft.js';
import type { Finding, Path } from './problem.js';
import { isStricter } from './reason.js';
import { mayBeSoft } from './soft.js';

type Known = ReadonlyMap<string, ToolFacts>;

/** What the policy says of tools beside what these declare of themselves. */
export function toolFindings(draft: Draft, facts: readonly ToolFacts[]): Finding[] {
  const known: Known = new Map(facts.map((tool) => [tool.name, tool]));
  return [
    ...[...draft.agents].flatMap(([agent, { tools = [] }]) =>
      tools.flatMap((name, index) => missing(known, ['agents', agent, 'tools', index], name)),
    ),
    ...[...draft.tools].flatMap(([name, entry]) => {
      const tool = known.get(name);
      const path: Path = ['tools', name];
      if (tool === undefined) return missing(known, path, name);
      return [...levelFindings(path, entry, tool), ...silenceFindings(draft, path, entry.ladder, tool)];
    }),
    ...safeFindings(draft, known),
    ...idleSoftRules(draft, known),
  ];
}

function missing(known: Known, path: Path, name: string): Finding[] {
  if (known.has(name)) return [];
  return [
    {
      path,
      what: `no tool \`${name}\` is registered: its calls count as tier 4`,
      todo: 'correct the name, or register the tool',
      warning: true,
    },
  ];
}

type Entry = Draft['tools'] extends ReadonlyMap<string, infer Value> ? Value : never;

function levelFindings(path: Path, { level, window }: Entry, tool: ToolFacts): Finding[] {
  const { tier } = tool;
  if (level !== undefined && isStricter(TIER_FLOOR[tier], level))
    return [
      {
        path: [...path, 'level'],
        what: `${level} is below the floor of tier ${tier}`,
        todo: `remove it or write ${TIER_FLOOR[tier]}: no policy lowers the floor`,
      },
    ];
  if (mayBeSoft(tool)) return [];
  const because = tier > 2 ? `is of tier ${tier}` : 'has no undo';
  if (level === 'soft')
    return [
      {
        path: [...path, 'level'],
        what: `soft, and \`${tool.name}\` ${because}`,
        todo: 'write approve: soft is for tools of tier 1 or 2 that declare an undo',
      },
    ];
  if (window === undefined) return [];
  return [
    {
      path: [...path, 'window'],
      what: `nothing uses it: \`${tool.name}\` ${because}, and is never soft`,
      todo: 'remove it',
      warning: true,
    },
  ];
}

function silenceFindings(draft: Draft, path: Path, ladder: string | undefined, tool: ToolFacts): Finding[] {
  if (tool.tier !== 4 || ladder === undefined || draft.ladders.get(ladder)?.fallback !== 'safe') return [];
  return [
    {
      path: [...path, 'ladder'],
      what: `\`${ladder}\` falls back to a safe action, and \`${tool.name}\` is of tier 4`,
      todo: 'name a ladder that denies, holds, fails or halts',
    },
  ];
}

function safeFindings(draft: Draft, known: Known): Finding[] {
  return [...draft.ladders].flatMap(([name, { safe }]): Finding[] => {
    if (safe === undefined) return [];
    const path = ['ladders', name, 'safe', 'tool'];
    const tool = known.get(safe.tool);
    if (tool === undefined)
      return [
        { path, what: `no tool \`${safe.tool}\` is registered`, todo: 'correct the name, or register it' },
      ];
    if (tool.tier <= 2) return unfreeFindings(draft, path, tool);
    return [
      {
        path,
        what: `\`${safe.tool}\` is of tier ${tool.tier}`,
        todo: 'take a tool of tier 1 or 2: it runs without anybody being asked',
      },
    ];
  });
}

/** A safe action is judged like any call: what asks, or waits to be confirmed, does not take place where nobody answers. */
function unfreeFindings(draft: Draft, path: Path, tool: ToolFacts): Finding[] {
  const then = unfreeAs(draft, tool);
  if (then === null) return [];
  const todo = 'take a tool that runs without anybody being asked: level auto or notify';
  return [{ path, what: `\`${tool.name}\` ${then}`, todo, warning: true }];
}

function unfreeAs(draft: Draft, tool: ToolFacts): string | null {
  const { level, categories = [] } = draft.tools.get(tool.name) ?? {};
  const asks = 'asks before it runs, and is denied when nobody answers that either';
  const always = [...tool.categories, ...categories].filter((category) => category !== 'money');
  if (level === 'approve' || level === 'stop' || always.length > 0) return asks;
  const supervised = [...draft.agents.values()].some(
    ({ tools = [], autonomy, stage }) =>
      tools.includes(tool.name) && (autonomy === 'supervised' || stage === 'assistant'),
  );
  if (tool.tier === 2 && supervised) return asks;
  return level === 'soft' ? 'is soft, and undone when nobody confirms it' : null;
}

function idleSoftRules(draft: Draft, known: Known): Finding[] {
  const listed = [...draft.agents.values()].flatMap(({ tools = [] }) => tools);
  const broad = [...draft.agents.values()].some(({ stage }) => stage === 'broad');
  const callable = broad ? [...known.values()] : listed.flatMap((name) => known.get(name) ?? []);
  if (callable.some(mayBeSoft)) return [];
  return [...draft.rules].flatMap(([index, { level }]): Finding[] =>
    level === 'soft'
      ? [
          {
            path: ['rules', index, 'level'],
            what: 'no tool of an agent is of tier 1 or 2 with an undo: every call asks first',
            todo: 'write approve, or declare an undo on a tool',
            warning: true,
          },
        ]
      : [],
  );
}
