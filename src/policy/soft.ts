import type { ToolFacts } from '../domain/action.js';
import { decidingAsk, plainReason, type Reason, strictest } from './reason.js';

/** Whether a call of the tool may run before anybody confirms it: reversible, and the tool can undo it. */
export function mayBeSoft(facts: Pick<ToolFacts, 'tier' | 'hasUndo'>): boolean {
  return facts.hasUndo && facts.tier <= 2;
}

/** Where the reasons ask for `soft` and the call could not be undone, one more: a person is asked first, whoever would have confirmed. */
export function withoutUndo(reasons: readonly Reason[], facts: ToolFacts | null): readonly Reason[] {
  if (strictest(reasons) !== 'soft' || (facts !== null && mayBeSoft(facts))) return [];
  const { route, ladder } = decidingAsk(reasons, 'soft');
  const reason = plainReason({
    rule: 'soft-without-undo',
    trigger: 'irreversibility',
    level: 'approve',
    values: { 'action.tier': facts?.tier ?? 4, undo: facts?.hasUndo ?? false },
  });
  return [{ ...reason, route, ladder }];
}
