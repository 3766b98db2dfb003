import type { Draft } from './draft.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Finding, Path } from './problem.js';
import { backups } from './staffing.js';

interface Asker {
  readonly quorum?: number | undefined;
  readonly route?: string | undefined;
  readonly ladder?: string | undefined;
}

/** Calls that need more people than could be asked, and agents whose owner alone could be. */
export function quorumFindings(draft: Draft): Finding[] {
  const askers = [
    ...[...draft.rules].map(([index, rule]): [Path, Asker] => [['rules', index, 'quorum'], rule]),
    ...[...draft.tools].map(([name, tool]): [Path, Asker] => [['tools', name, 'quorum'], tool]),
  ].filter(([, { quorum = 1 }]) => quorum > 1);
  return [
    ...askers.flatMap(([path, asker]) => reachFindings(draft, path, asker)),
    ...askers.flatMap(([path, asker]) => detourFindings(draft, path, asker)),
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

/** A rule that names no role is met by calls whose tool, or category, names one. */
function detourFindings(draft: Draft, path: Path, { quorum = 1, route, ladder }: Asker): Finding[] {
  if (route !== undefined || path[0] !== 'rules') return [];
  const named = [...draft.tools, ...draft.alwaysAsk];
  const [short] = named.flatMap(([name, entry]) => {
    const reached =
      entry.route === undefined ? undefined : peopleOf(draft, entry.route, ladder ?? entry.ladder);
    return reached !== undefined && reached.people.size < quorum ? [{ name, ...reached }] : [];
  });
  if (short === undefined) return [];
  return [
    {
      path,
      what: `${quorum} people must approve, and \`${short.name}\` asks \`${short.route}\`, which with its backups has ${short.people.size}: such a call nobody could let run`,
      todo: 'add members, let the ladder go on to a backup, or name a route that the rule asks',
      warning: true,
    },
  ];
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
