import type { CarriedEvent, Head } from '../activities/api.js';
import { sayingOf, type DecisionMessage } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import type { FactBody } from '../domain/facts.js';

/** Refusals kept at once; beyond it they are only counted, so that a flood of forged signals cannot fill the history. */
const MAX_REFUSALS = 100;

type Refused = Pick<Refusal, 'refused' | 'winner'>;

/** What an activity call takes along and gets acknowledged. */
export type Sent = readonly CarriedEvent[];

/**
 * The events that the workflow made and the journal has not acknowledged. Their ids are made of what happened, not of a running number
 * alone: when a workflow task is lost after its local activities wrote, the next attempt may see one more signal, come to other facts
 * under the same numbers, and the journal would take them for the old ones.
 */
export class JournalBuffer {
  readonly #runId: string;
  readonly #events: CarriedEvent[];
  readonly #sending = new Set<string>();
  readonly #counts = new Map<string, number>();
  #suppressed = 0;
  #head: Head | null;

  constructor(
    runId: string,
    carried: { readonly events: readonly CarriedEvent[]; readonly head: Head | null },
  ) {
    this.#runId = runId;
    this.#events = [...carried.events];
    this.#head = carried.head;
  }

  /** The journal's head as it was last answered. */
  get head(): Head | null {
    return this.#head;
  }

  /** Appends a fact about an operation. */
  note(type: string, operation: number, body: FactBody): void {
    const number = `${operation}.${this.#next(String(operation))}`;
    const id = [this.#runId, number, type, ...Object.values(body)].join('/');
    this.#events.push({ id, type, operation, body });
  }

  /**
   * Appends a decision that was refused, null for what was none; `code` is of the error table. The same refusal of the same decision is
   * one fact; another envelope under its id is another.
   */
  noteRefusal(
    decision: DecisionMessage | null,
    { refused: code, winner }: Refused,
    { settles }: { readonly settles: boolean } = { settles: true },
  ): void {
    const operation = decision?.operation ?? null;
    const { id: name, verb, round, generation, at } = decision ?? { id: this.#next(REFUSED) };
    const id = [this.#runId, REFUSED, operation, name, code, verb, round, generation, at].join('/');
    if (this.#events.some((event) => event.id === id && isOf(event, decision))) return;
    if (this.#events.filter((event) => event.type === REFUSED).length >= MAX_REFUSALS) {
      this.#suppressed += 1;
      return;
    }
    this.#events.push({
      id,
      type: REFUSED,
      operation,
      body: { decision: decision?.id ?? null, code, suppressed: this.#suppressed },
      ...(decision === null || !settles ? {} : { refused: { message: decision, winner: winner ?? null } }),
    });
    this.#suppressed = 0;
  }

  /** Whether something waits that no call under way carries. */
  hasUnsent(): boolean {
    return this.#events.some((event) => !this.#sending.has(event.id));
  }

  /** Whether a refusal waits that no call under way carries. */
  hasUnsentRefusal(): boolean {
    return this.#events.some((event) => event.type === REFUSED && !this.#sending.has(event.id));
  }

  /** Everything not acknowledged, for a call that starts now. */
  send(): Sent {
    for (const event of this.#events) this.#sending.add(event.id);
    return [...this.#events];
  }

  /** A call came back: its events are in the journal. */
  acknowledge(sent: Sent, head: Head): void {
    const acknowledged = new Set(sent.map((event) => event.id));
    const rest = this.#events.filter((event) => !acknowledged.has(event.id));
    this.#events.splice(0, this.#events.length, ...rest);
    this.giveBack(sent);
    if (this.#head === null || head.seq >= this.#head.seq) this.#head = head;
  }

  /** A call failed: its events wait for the next one. */
  giveBack(sent: Sent): void {
    for (const event of sent) this.#sending.delete(event.id);
  }

  /** What is not acknowledged, for the next run. */
  unacknowledged(): readonly CarriedEvent[] {
    return [...this.#events];
  }

  #next(counter: string): number {
    const count = (this.#counts.get(counter) ?? 0) + 1;
    this.#counts.set(counter, count);
    return count;
  }
}

const REFUSED = 'decision-refused';

function isOf({ refused }: CarriedEvent, decision: DecisionMessage | null): boolean {
  if (refused === undefined || decision === null) return false;
  return sayingOf(refused.message) === sayingOf(decision);
}
