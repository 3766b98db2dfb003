import type { ToolFacts } from '../domain/action.js';
import type { Fired } from '../domain/verdict.js';
import { decidingAsk, type Reason } from './reason.js';

/** Whether a call of the tool may run before anybody confirms it: reversible, and the tool can undo it. */
export function mayBeSoft(facts: Pick<ToolFacts, 'tier' | 'hasUndo'>): boolean {
  return facts.hasUndo && facts.tier <= 2;
}

/**
 * Where a reason asks for `soft` and the call could not be undone, one more: a person is asked first, whoever would have confirmed. It
 * rests on claims where all of these do, so that it decides whom to ask no more than they would.
 */
export function withoutUndo(reasons: readonly Reason[], facts: ToolFacts | null): readonly Reason[] {
  const asking = reasons.filter(({ fired }) => fired.level === 'soft');
  if (asking.length === 0 || (facts !== null && mayBeSoft(facts))) return [];
  const { route, ladder } = decidingAsk(asking, 'soft');
  const fired: Fired = {
    rule: 'soft-without-undo',
    trigger: 'irreversibility',
    level: 'approve',
    values: { 'action.tier': facts?.tier ?? 4, undo: facts?.hasUndo ?? false },
  };
  return [{ fired, route, ladder, soft: asking.every(({ soft }) => soft) }];
}
