import type { ToolFacts } from '../domain/action.js';
import type { Programs } from './compile-draft.js';
import type { Draft } from './draft.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Finding, Path } from './problem.js';
import { backups } from './staffing.js';

interface Asker {
  readonly quorum?: number | undefined;
  readonly route?: string | undefined;
  readonly ladder?: string | undefined;
}

interface Known {
  readonly draft: Draft;
  readonly conditions: Programs['conditions'];
  /** Null = not told which are registered. */
  readonly tools: readonly ToolFacts[] | null;
}

/** Calls that need more people than could be asked, and agents whose owner alone could be. */
export function quorumFindings(known: Known): Finding[] {
  const { draft } = known;
  const askers = [
    ...[...draft.rules].map(([index, rule]): [Path, Asker] => [['rules', index, 'quorum'], rule]),
    ...[...draft.tools].map(([name, tool]): [Path, Asker] => [['tools', name, 'quorum'], tool]),
  ].filter(([, { quorum = 1 }]) => quorum > 1);
  return [
    ...askers.flatMap(([path, asker]) => reachFindings(draft, path, asker)),
    ...askers.flatMap(([path, asker]) => detourFindings(known, path, asker)),
    ...hurriedFindings(draft, askers),
    ...soleOwnerFindings(draft),
  ];
}

/** Where nothing names a role, whoever is asked by default. */
function reachFindings(draft: Draft, path: Path, asker: Asker): Finding[] {
  const { quorum = 1 } = asker;
  const routes = asker.route === undefined ? defaultRoutes(draft) : [asker.route];
  const [worst] = routes
    .flatMap((route) => peopleOf(draft, route, asker.ladder) ?? [])
    .toSorted((a, b) => a.people.size - b.people.size);
  if (worst === undefined || worst.people.size > quorum) return [];
  const { route, people } = worst;
  if (people.size < quorum)
    return [
      {
        path,
        what: `${quorum} people must approve, and \`${route}\` with its backups has ${people.size}`,
        todo: 'add members, let the ladder go on to a backup, or ask for fewer',
      },
    ];
  return [
    {
      path,
      what: `${quorum} people must approve, and \`${route}\` with its backups has no more: what one of them asks for nobody could let run`,
      todo: 'add a member',
      warning: true,
    },
  ];
}

/** Where a question may go because of something else that holds of the same call. */
interface Detour {
  /** The tool, the category or the rule. */
  readonly name: string;
  readonly routes: readonly string[];
  readonly ladder: string | undefined;
}

function detourFindings(known: Known, path: Path, asker: Asker): Finding[] {
  const { draft } = known;
  const { quorum = 1 } = asker;
  const detours = path[0] === 'rules' ? ofRule(known, asker) : ofTool(known, String(path[1]), asker);
  const [short] = detours.flatMap(({ name, routes, ladder }) =>
    routes
      .flatMap((route) => peopleOf(draft, route, ladder) ?? [])
      .filter(({ people }) => people.size < quorum)
      .map((reached) => ({ name, ...reached })),
  );
  if (short === undefined) return [];
  return [
    {
      path,
      what: `${quorum} people must approve, and with \`${short.name}\` \`${short.route}\` is asked, whose ladder reaches ${short.people.size}: such a call nobody could let run`,
      todo: 'add members, let the ladder go on to a backup, or name a route and a ladder that reach more',
      warning: true,
    },
  ];
}

/** What a rule does not name, the tool of the call says; a role also a category or another rule. */
function ofRule(known: Known, asker: Asker): readonly Detour[] {
  const { draft } = known;
  const byTool = [...draft.tools].flatMap(([name, tool]): Detour[] => {
    const route = asker.route ?? tool.route;
    const ladder = asker.ladder ?? tool.ladder;
    if (route === asker.route && ladder === asker.ladder) return [];
    return [{ name, routes: route === undefined ? defaultRoutes(draft) : [route], ladder }];
  });
  return asker.route === undefined
    ? [...byTool, ...routed([...draft.alwaysAsk, ...hardRules(known, asker)], undefined)]
    : byTool;
}

/** Rules and the categories of a tool are heard before the tool. */
function ofTool(known: Known, name: string, { ladder }: Asker): readonly Detour[] {
  const { draft, tools } = known;
  const categories: ReadonlySet<string> = new Set([
    ...(draft.tools.get(name)?.categories ?? []),
    ...(tools?.find((tool) => tool.name === name)?.categories ?? []),
  ]);
  const asking = [...draft.alwaysAsk].filter(([category]) => categories.has(category));
  return routed([...asking, ...hardRules(known)], ladder);
}

function routed(askers: readonly (readonly [string, Asker])[], ladder: string | undefined): Detour[] {
  return askers.flatMap(([name, asker]) =>
    asker.route === undefined ? [] : [{ name, routes: [asker.route], ladder: asker.ladder ?? ladder }],
  );
}

/** Rules that may decide whom to ask, whatever else asks: not one that rests on claims, nor one of another level. */
function hardRules({ draft, conditions }: Known, but?: Asker): readonly (readonly [string, Asker])[] {
  return [...draft.rules]
    .filter(
      ([index, rule]) =>
        rule !== but && rule.level === 'approve' && conditions.get(index)?.restsOnClaims === false,
    )
    .map(([index, rule]) => [rule.id ?? `rules[${index}]`, rule]);
}

function defaultRoutes({ defaults, agents }: Draft): readonly string[] {
  if (defaults.route !== undefined) return [defaults.route];
  return [...new Set([...agents.values()].flatMap(({ owner }) => owner ?? []))];
}

/** Undefined where it cannot be told: a name that points nowhere, or members that do not stand in the file. */
function peopleOf(
  draft: Draft,
  route: string,
  named: string | undefined,
): { readonly route: string; readonly people: ReadonlySet<string> } | undefined {
  const name = named ?? draft.defaults.ladder;
  const ladder = name === undefined ? undefined : draft.ladders.get(name);
  const climbs =
    ladder === undefined ? name === undefined || BUILT_IN_LADDERS.has(name) : ladder.then === 'backup';
  const roles = climbs ? backups(draft, route).chain : [route];
  const members = roles.map((role) => draft.roles.get(role)?.members);
  const others = roles.some((role) => draft.roles.get(role)?.from !== undefined);
  if (others || members.includes(undefined)) return undefined;
  return { route, people: new Set(members.flatMap((each) => each ?? [])) };
}

/** A vote counts no longer than an approval holds. */
function hurriedFindings(draft: Draft, [first]: readonly (readonly [Path, Asker])[]): Finding[] {
  if (first === undefined || draft.defaults.validity !== undefined) return [];
  return [
    {
      path: first[0],
      what: 'an approval holds 15m unless `defaults` says otherwise: all must approve within that time',
      todo: 'set `validity` under defaults to the time that people need, such as 8h',
      warning: true,
    },
  ];
}

/** Whose agent it is never approves alone: somebody else must be there. */
function soleOwnerFindings(draft: Draft): Finding[] {
  return [...draft.agents].flatMap(([agent, { owner, owner_subject: subject }]): Finding[] => {
    const route = draft.defaults.route ?? owner;
    const reached = route === undefined ? undefined : peopleOf(draft, route, undefined);
    if (subject === undefined || reached === undefined) return [];
    if ([...reached.people].some((person) => person !== subject)) return [];
    return [
      {
        path: ['agents', agent, 'owner_subject'],
        what: `only ${subject} could be asked by \`${route}\`, and never approves alone`,
        todo: 'add a member, or a backup that has another',
        warning: true,
      },
    ];
  });
}
