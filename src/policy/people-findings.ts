import { UNNAMED } from '../domain/identity.js';
import type { Draft } from './draft.js';
import type { Finding } from './problem.js';

/** What cannot be meant of people and identities: one identity for two people, names of people who have none, bindings without effect. */
export function peopleFindings(draft: Draft): Finding[] {
  return [
    ...sharedIdentities(draft),
    ...reservedNames(draft),
    ...repeatedClaims(draft),
    ...idleBindings(draft),
  ];
}

/** Two subjects with one identity would be one person who approves what they asked for. */
function sharedIdentities(draft: Draft): Finding[] {
  const whole = [...draft.people].filter(([, { issuer, sub }]) => issuer !== undefined && sub !== undefined);
  return whole.flatMap(([subject, person], index) => {
    const [first] =
      whole.slice(0, index).find(([, { issuer, sub }]) => issuer === person.issuer && sub === person.sub) ??
      [];
    if (first === undefined) return [];
    return [
      {
        path: ['people', subject],
        what: `\`${first}\` and \`${subject}\` are one identity`,
        todo: 'give each person their own sub, or keep one name: one person is one subject',
      },
    ];
  });
}

function reservedNames(draft: Draft): Finding[] {
  const finding = (path: Finding['path']): Finding => ({
    path,
    what: `names that begin with \`${UNNAMED}\` are those of people whom the policy does not name`,
    todo: 'bind the identity to another name under people, or use `from`',
  });
  return [
    ...[...draft.people.keys()]
      .filter((subject) => subject.startsWith(UNNAMED))
      .map((subject) => ({ ...finding(['people', subject]), key: true as const })),
    ...[...draft.roles].flatMap(([role, { members = [] }]) =>
      members.flatMap((member, index) =>
        member.startsWith(UNNAMED) ? [finding(['roles', role, 'members', index])] : [],
      ),
    ),
  ];
}

function repeatedClaims(draft: Draft): Finding[] {
  return [...draft.roles].flatMap(([role, { from = [] }]) => {
    const texts = from.map(({ issuer, claim, value }) => JSON.stringify([issuer, claim, value]));
    return texts.flatMap((text, index): Finding[] =>
      texts.indexOf(text) === index
        ? []
        : [{ path: ['roles', role, 'from', index], what: 'stands twice', todo: 'remove one', warning: true }],
    );
  });
}

/** A binding gives no role by itself: somebody whom no role names, or can mean by their provider, can do nothing. */
function idleBindings(draft: Draft): Finding[] {
  const roles = [...draft.roles.values()];
  return [...draft.people].flatMap(([subject, { issuer }]): Finding[] => {
    const used = roles.some(
      ({ members = [], from = [] }) =>
        members.includes(subject) || from.some((each) => each.issuer === issuer),
    );
    if (used || roles.length === 0) return [];
    return [
      {
        path: ['people', subject],
        key: true,
        what: `no role has \`${subject}\` as a member, and none takes anybody from that issuer`,
        todo: 'add it to a role, or remove it',
        warning: true,
      },
    ];
  });
}
