import type { Draft } from './draft.js';
import type { Finding } from './problem.js';

/** Backup circles, roles that nobody could answer for, halts that nobody could lift. */
export function staffingFindings(draft: Draft): Finding[] {
  if (draft.roles.size === 0) {
    return [{ path: ['roles'], what: 'no role', todo: 'declare one with members: somebody must be asked' }];
  }
  const circles = [...draft.roles.keys()].flatMap((role) => circleFinding(draft, role));
  return [
    ...circles,
    ...[...draft.roles.keys()].flatMap((role) => emptyFinding(draft, role)),
    ...repeatedMembers(draft),
    ...[...draft.roles].flatMap(([role, entry]) => keptFindings(draft, role, entry)),
    ...liftFindings(draft),
  ];
}

/** A role and its backups as far as they do not repeat, and the role that would close a circle. */
export function backups(draft: Draft, role: string): { chain: readonly string[]; closes: string | null } {
  const chain: string[] = [];
  let next: string | undefined = role;
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = draft.roles.get(next)?.backup;
  }
  return { chain, closes: next ?? null };
}

function circleFinding(draft: Draft, role: string): Finding[] {
  const { chain, closes } = backups(draft, role);
  const inOrder = [...draft.roles.keys()].find((name) => chain.includes(name));
  if (closes !== role || inOrder !== role) return []; // each circle once
  return [
    {
      path: ['roles', role, 'backup'],
      what: `backup circle: ${[...chain, role].join(' -> ')}`,
      todo: 'let the last role of the chain have no backup',
    },
  ];
}

type Entry = Draft['roles'] extends ReadonlyMap<string, infer Value> ? Value : never;

/** Members stand in one place; who keeps them in the store is anchored in the file. */
function keptFindings(draft: Draft, role: string, { kept, owner, members }: Entry): Finding[] {
  const at = (part: string, what: string, todo: string): Finding[] => [
    { path: ['roles', role, part], what, todo },
  ];
  if (kept === undefined && owner !== undefined)
    return at('owner', 'nothing uses it: the members stand in the file', 'remove it, or add `kept: store`');
  if (kept === undefined)
    return members === undefined
      ? at('members', 'missing', 'add it: subjects who may decide for the role, or `kept: store`')
      : [];
  if (members !== undefined)
    return at('members', 'the store keeps them', 'remove them here, or remove `kept`');
  if (owner === undefined)
    return at('kept', 'nobody keeps the members', 'name a role with `owner` whose people do');
  return draft.roles.get(owner)?.kept === undefined
    ? []
    : at(
        'owner',
        `the members of \`${owner}\` stand in the store too`,
        'name a role that has its members here',
      );
}

/** Where members or a backup are not well formed, that other error is enough. */
function emptyFinding(draft: Draft, role: string): Finding[] {
  const links = backups(draft, role).chain.map((name) => draft.roles.get(name));
  if (links.some((link) => link?.members === undefined || link.members.length > 0 || link.from !== undefined))
    return [];
  return [
    {
      path: ['roles', role, 'members'],
      what: 'nobody could answer: neither the role nor its backups have members',
      todo: 'add a member, `from`, or a backup that has some',
    },
  ];
}

function repeatedMembers(draft: Draft): Finding[] {
  return [...draft.roles].flatMap(([role, { members = [] }]) =>
    members.flatMap((member, index): Finding[] =>
      members.indexOf(member) === index
        ? []
        : [
            {
              path: ['roles', role, 'members', index],
              what: `\`${member}\` stands twice`,
              todo: 'remove one',
              warning: true,
            },
          ],
    ),
  );
}

/** Whether people may answer for it who do not stand in the file. */
function isOpen(entry: Entry | undefined): boolean {
  return entry?.from !== undefined || entry?.kept !== undefined;
}

/** Whoever may halt must leave somebody of another role who may lift. */
function liftFindings(draft: Draft): Finding[] {
  const all = [...draft.roles.keys()];
  const membersOf = (roles: readonly string[]) =>
    new Set(roles.flatMap((role) => draft.roles.get(role)?.members ?? []));
  const stuck = [...membersOf(draft.halts.set ?? all)].filter((setter) => {
    const foreign = (draft.halts.lift ?? all).filter(
      (role) => draft.roles.get(role)?.members?.includes(setter) !== true,
    );
    const open = foreign.some((role) => isOpen(draft.roles.get(role)));
    return !open && [...membersOf(foreign)].every((lifter) => lifter === setter);
  });
  if (stuck.length === 0) return [];
  const what = `nobody of another role could lift a halt that ${stuck.join(', ')} sets`;
  return [
    {
      path: draft.halts.lift === undefined ? ['roles'] : ['halts', 'lift'],
      what,
      todo: 'add a role with another member, and let it lift',
      warning: true,
    },
  ];
}
