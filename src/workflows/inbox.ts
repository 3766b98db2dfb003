import { sayingOf, type DecisionMessage, type Receipt } from '../domain/decision.js';

/** How many answers are remembered; an older decision that comes again is judged anew, and refused by the state. */
const MAX_REMEMBERED = 200;
/** How many decisions may wait for a verification; more are told to come again. */
const MAX_WAITING = 50;

/** What the workflow remembers of decisions, beside the state of the escalations. */
export interface InboxState {
  readonly handled: readonly (readonly [string, Receipt])[];
  readonly dismissed: readonly string[];
  readonly waiting: readonly DecisionMessage[];
}

/** Decisions that were answered, that fell, and that wait for an asking or a verification under way. */
export class Inbox {
  readonly #handled: Map<string, Receipt>;
  readonly #dismissed: Set<string>;
  #waiting: readonly DecisionMessage[];

  constructor(state: InboxState) {
    this.#handled = new Map(state.handled);
    this.#dismissed = new Set(state.dismissed);
    this.#waiting = state.waiting;
  }

  /** The first answer to this very decision. Another one under the same id is another decision: it may be the genuine one. */
  receiptFor(decision: DecisionMessage): Receipt | undefined {
    if (this.#waiting.some((kept) => sayingOf(kept) === sayingOf(decision)))
      return { applied: false, pending: true };
    return this.#handled.get(sayingOf(decision));
  }

  /** Whether this very decision fell before: forged, or refused by the state. The store may offer it again. */
  wasDismissed(decision: DecisionMessage): boolean {
    return this.#dismissed.has(sayingOf(decision));
  }

  remember(decision: DecisionMessage, receipt: Receipt): void {
    this.#handled.set(sayingOf(decision), receipt);
    forgetOldest(this.#handled);
  }

  dismiss(decision: DecisionMessage): void {
    this.#handled.delete(sayingOf(decision));
    this.#dismissed.add(sayingOf(decision));
    forgetOldest(this.#dismissed);
  }

  hasRoom(): boolean {
    return this.#waiting.length < MAX_WAITING;
  }

  keep(decision: DecisionMessage): void {
    this.#waiting = [...this.#waiting, decision];
  }

  /** Takes out what waits for an operation, in the order of arrival. */
  takeWaiting(operation: number): readonly DecisionMessage[] {
    const taken = this.#waiting.filter((decision) => decision.operation === operation);
    this.#waiting = this.#waiting.filter((decision) => decision.operation !== operation);
    return taken;
  }

  /** For the next run. */
  state(): InboxState {
    return { handled: [...this.#handled], dismissed: [...this.#dismissed], waiting: this.#waiting };
  }
}

function forgetOldest(collection: Map<string, unknown> | Set<string>): void {
  for (const key of collection.keys()) {
    if (collection.size <= MAX_REMEMBERED) return;
    collection.delete(key);
  }
}
