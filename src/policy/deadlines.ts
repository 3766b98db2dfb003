import { parseDuration } from '../contract/duration.js';
import type { Draft } from './draft.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Finding } from './problem.js';
import { backups } from './staffing.js';

const DAY = 86_400_000;
/** An answer that comes later than this finds another world. */
const LONGEST_MS = 30 * DAY;

/** Ladders that take longer than what they are for. */
export function deadlineFindings(draft: Draft): Finding[] {
  return [...endlessLadders(draft), ...slowWarnings(draft)];
}

function endlessLadders(draft: Draft): Finding[] {
  return [...draft.ladders].flatMap(([name, ladder]): Finding[] => {
    const chains = rolesOf(draft, name).map((role) => backups(draft, role).chain.length);
    const roles = ladder.then === 'backup' ? Math.max(0, ...chains) : 1;
    const total = (ttlOf(draft, name) ?? 0) * roles;
    if (total <= LONGEST_MS) return [];
    return [
      {
        path: ['ladders', name, 'ttl'],
        what: `up to ${roles} ${roles === 1 ? 'role' : 'roles'} one after the other: ${Math.round(total / DAY)}d in all`,
        todo: 'shorten it, so that the whole ladder takes 30d at most',
        warning: true,
      },
    ];
  });
}

/** Whom a ladder may ask first: the role beside it, and where it is a tool's, whom a rule or a category names without a ladder. */
function rolesOf(draft: Draft, ladder: string): readonly string[] {
  const beforeTools = [...draft.rules.values(), ...draft.alwaysAsk.values()];
  const naming = [...beforeTools, ...draft.tools.values()].filter((asker) => asker.ladder === ladder);
  const asksAnyone =
    naming.length === 0 ||
    naming.some(({ route }) => route === undefined) ||
    draft.defaults.ladder === ladder ||
    BUILT_IN_LADDERS.has(ladder);
  if (asksAnyone) return [...draft.roles.keys()];
  return [...naming, ...beforeTools.filter((asker) => asker.ladder === undefined)].flatMap(
    ({ route }) => route ?? [],
  );
}

/** A rule that fires because a deadline is near, and then leaves more time than the ladder `urgent`. */
function slowWarnings(draft: Draft): Finding[] {
  const urgent = ttlOf(draft, 'urgent') ?? Infinity;
  return [...draft.rules].flatMap(([index, { trigger, level, ladder }]): Finding[] => {
    if (trigger !== 'sla' || (level !== 'approve' && level !== 'stop')) return [];
    const name = ladder ?? draft.defaults.ladder ?? 'ordinary';
    if ((ttlOf(draft, name) ?? 0) <= urgent) return [];
    return [
      {
        path: ladder === undefined ? ['rules', index] : ['rules', index, 'ladder'],
        what: `a deadline is near, and ladder \`${name}\` leaves each role longer than \`urgent\` does`,
        todo: 'write ladder: urgent, or one as short',
        warning: true,
      },
    ];
  });
}

function ttlOf(draft: Draft, ladder: string): number | undefined {
  const own = draft.ladders.get(ladder);
  if (own === undefined) return BUILT_IN_LADDERS.get(ladder)?.ttlMs;
  return own.ttl === undefined ? undefined : parseDuration(own.ttl);
}
