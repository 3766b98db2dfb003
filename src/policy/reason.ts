import { type Fired, type Level, LEVELS } from '../domain/verdict.js';
import type { Ask } from './policy.js';

/** Something that asks for a level, and where its question should go. */
export interface Reason extends Ask {
  readonly fired: Fired;
  /** Whether it rests on what model or requester claim, or could not be evaluated: facts then choose whom to ask. */
  readonly soft: boolean;
  /** How many people must approve because of it; absent = one. */
  readonly quorum?: number;
}

/** A reason that names no role and no ladder. */
export function plainReason(fired: Fired): Reason {
  return { fired, route: null, ladder: null, soft: false };
}

/** Whether the first level is stricter than the second. */
export function isStricter(one: Level, other: Level): boolean {
  return LEVELS.indexOf(one) > LEVELS.indexOf(other);
}

/** The strictest level of all reasons; `auto` without any. */
export function strictest(reasons: readonly Reason[]): Level {
  return reasons.reduce<Level>(
    (level, { fired }) => (isStricter(fired.level, level) ? fired.level : level),
    'auto',
  );
}

/**
 * The reason that decides whom to ask: of those at the strictest level the first that names a role, else the first that names a ladder, else
 * nothing particular. Rules come in file order, then limits, categories, the tool. Soft reasons decide only among themselves, so that a model
 * cannot choose its reviewer by claiming little confidence, nor a requester by naming another situation.
 */
export function decidingAsk(reasons: readonly Reason[], level: Level): Ask {
  const asking = reasons.filter(({ fired }) => fired.level === level);
  const hard = asking.filter(({ soft }) => !soft);
  const deciding = hard.length > 0 ? hard : asking;
  const nothing = { route: null, ladder: null };
  return (
    deciding.find(({ route }) => route !== null) ?? deciding.find(({ ladder }) => ladder !== null) ?? nothing
  );
}
