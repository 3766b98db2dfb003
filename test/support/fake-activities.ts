import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type {
  Activities,
  AskInput,
  CarriedEvent,
  Carry,
  ExecuteInput,
  Head,
} from '../../src/activities/api.js';
import type { DecisionMessage, Verb } from '../../src/domain/decision.js';
import type { Question } from '../../src/domain/escalation.js';
import {
  escalationId,
  type DecisionId,
  type Digest,
  type HaltId,
  type TaskId,
} from '../../src/domain/ids.js';
import type { Fallback } from '../../src/domain/verdict.js';

export const DAY = 24 * 3_600_000;

/** How one operation is judged: by nobody (`null`), or by these roles one after the other. */
export interface FakeLadder {
  readonly roles: readonly string[];
  readonly ttlMs: number;
  readonly fallback: Fallback;
  /** Who takes the task over, instead of whether the call may run. */
  readonly kind?: 'stop';
}

export const ORDINARY: FakeLadder = { roles: ['supervisor', 'director'], ttlMs: 7 * DAY, fallback: 'deny' };

type Name = keyof Activities;
type Input<N extends Name> = Parameters<Activities[N]>[0];
type Answer<N extends Name> = WithoutHead<Awaited<ReturnType<Activities[N]>>>;
type WithoutHead<T> = T extends unknown ? Omit<T, 'head'> : never;
type Scripted = (input: never) => unknown;

/** A store, a desk and tools in memory, behind the interface that the workflow calls. Honest where a test did not script otherwise. */
export class FakeWorld {
  readonly task: TaskId;
  readonly #now: () => Promise<number>;
  /** What was acknowledged, each event once, in the order of arrival. */
  readonly journal: CarriedEvent[] = [];
  readonly calls: { readonly name: Name; readonly input: Carry }[] = [];
  /** One entry per call of a tool: `{operation}.{generation}`. */
  readonly effects: string[] = [];
  /** Genuine decisions, as the gateway stored them. */
  readonly decisions: DecisionMessage[] = [];
  readonly questions = new Map<string, Question>();
  readonly haltedAgents: number[] = [];
  /** Tools by step; a ready-made action needs none. */
  steps: readonly (readonly string[])[] = [];
  /** By operation; every other one is asked along `ORDINARY`. */
  ladders: Readonly<Record<number, FakeLadder | null>> = {};
  /** By operation: it runs unasked, and is undone unless confirmed within so long. */
  windows: Readonly<Record<number, number>> = {};
  halts: readonly { readonly halt: HaltId; readonly scope: 'task' | 'wider' }[] = [];
  undelivered: readonly { readonly operation: number; readonly round: number; readonly rung: number }[] = [];
  #made = 0;
  readonly #scripts = new Map<Name, Scripted[]>();
  readonly #watchers: {
    readonly name: Name;
    readonly matches: (input: never) => boolean;
    readonly seen: () => void;
  }[] = [];

  constructor(task: TaskId, now: () => Promise<number>) {
    this.task = task;
    this.#now = now;
  }

  /** Answers the next call of an activity in the honest one's place; may throw. Several are used up in order. */
  next<N extends Name>(name: N, answer: (input: Input<N>) => Answer<N> | Promise<Answer<N>>): void {
    this.#scripts.set(name, [...(this.#scripts.get(name) ?? []), answer]);
  }

  /** Resolves when a matching call of an activity was answered from now on. */
  async answered<N extends Name>(name: N, matches: (input: Input<N>) => boolean = () => true): Promise<void> {
    await new Promise<void>((seen) => this.#watchers.push({ name, matches, seen }));
  }

  /** A decision about an open question; `forge` leaves it out of the store. */
  async decision(
    verb: Verb,
    rest: Partial<DecisionMessage> & { readonly forge?: true } = {},
  ): Promise<DecisionMessage> {
    const { forge, ...fields } = rest;
    const operation = fields.operation ?? 1;
    const question = [...this.questions.entries()].findLast(([key]) => key.startsWith(`${operation}.`))?.[1];
    // Before anything was asked: the first round of the first generation.
    const { round, generation } = question ?? { round: 1, generation: 1 };
    const answerBy = question?.answerBy ?? 0;
    const needs: Partial<Record<Verb, Partial<DecisionMessage>>> = {
      edit: { edited: { generation: generation + 1, digest: digestOf(`${operation}.${generation + 1}`) } },
      hold: { until: answerBy + DAY },
      extend: { until: answerBy + DAY },
      resolve: { resolution: 'happened' },
    };
    const decision: DecisionMessage = {
      id: `${verb}-${operation}-${round}-${(this.#made += 1)}` as DecisionId,
      escalation: escalationId(this.task, operation),
      verb,
      operation,
      generation,
      round,
      digest: digestOf(`${operation}.${generation}`),
      briefDigest: digestOf(`brief ${operation}.${round}`),
      at: await this.#now(),
      ...needs[verb],
      ...fields,
    };
    if (forge === undefined) this.decisions.push(decision);
    return decision;
  }

  /** The facts in the journal, as `type` or `type operation`. */
  facts(operation?: number): readonly string[] {
    return this.journal
      .filter((event) => operation === undefined || event.operation === operation)
      .map((event) => event.type);
  }

  count(name: Name): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** The activities of this world, to be called by a worker. */
  activities(): Activities {
    return {
      plan: (input) => this.#answer('plan', input, () => this.#plan(input.step, input.firstOperation)),
      ask: (input) => this.#answer('ask', input, () => this.#ask(input)),
      verify: (input) => this.#answer('verify', input, () => ({ genuine: this.#isGenuine(input.decision) })),
      expire: (input) => this.#answer('expire', input, () => this.#expire(input)),
      inspect: (input) =>
        this.#answer('inspect', input, () => ({
          halts: this.halts.map((halt) => ({ ...halt, detail: 'why' })),
          undelivered: this.undelivered,
        })),
      execute: (input) => this.#answer('execute', input, () => this.act(input)),
      undo: (input) => this.#answer('undo', input, () => this.#undo(input)),
      safeguard: (input) =>
        this.#answer('safeguard', input, () => ({ operation: input.as, tool: 'hold_order' })),
      conclude: (input) => this.#answer('conclude', input, () => ({})),
      record: (input) =>
        this.#answer('record', input, () => {
          if (input.haltAgent !== undefined) this.haltedAgents.push(input.haltAgent.operation);
          return {};
        }),
    };
  }

  async #answer<N extends Name>(
    name: N,
    input: Input<N>,
    honest: () => Answer<N> | Promise<Answer<N>>,
  ): Promise<Answer<N> & { head: Head }> {
    this.calls.push({ name, input });
    const known = new Set(this.journal.map((event) => event.id));
    this.journal.push(...input.events.filter((event) => !known.has(event.id)));
    const script = this.#scripts.get(name)?.shift() as ((scripted: Input<N>) => Answer<N>) | undefined; // put there by next<N>
    const answer = await (script === undefined ? honest() : script(input));
    const head: Head = { seq: this.journal.length, hash: `hash-${this.journal.length}` };
    for (const watcher of this.#watchers)
      if (watcher.name === name && watcher.matches(input as never)) watcher.seen();
    return { ...answer, head };
  }

  #plan(step: number, firstOperation: number): Answer<'plan'> {
    const tools = this.steps[step - 1] ?? [];
    const operations = tools.map((tool, index) => ({ operation: firstOperation + index, tool }));
    return { done: step > this.steps.length, operations };
  }

  async #ask(input: AskInput): Promise<Answer<'ask'>> {
    const { operation, generation, round, rung, forOwner, reason } = input;
    const ladder = this.ladders[operation] === undefined ? ORDINARY : this.ladders[operation];
    const asked = ladder ?? ORDINARY;
    const key = `${operation}.${generation}.${round}.${rung}`;
    const answerBy = forOwner === true ? null : (await this.#now()) + asked.ttlMs;
    const question: Question = this.questions.get(key) ?? {
      round,
      generation,
      digest: digestOf(`${operation}.${generation}`),
      briefDigest: digestOf(`brief ${operation}.${round}`),
      kind: reason === 'unknown' || reason === 'undo-failed' ? 'resolution' : (asked.kind ?? 'approval'),
      rung,
      rungs: asked.roles.length,
      fallback: asked.fallback,
      role: forOwner === true ? 'owner' : (asked.roles[rung] ?? 'nobody'),
      answerBy,
      extendableUntil: answerBy === null ? null : answerBy + 2 * DAY,
    };
    const [halt] = this.halts;
    if (halt !== undefined) return { kind: 'halted', tier: 4, ...halt, question };
    if ((ladder === null || this.windows[operation] !== undefined) && round === 1)
      return { kind: 'permitted', tier: 1 };
    this.questions.set(key, question);
    return { kind: 'asked', tier: 4, question, decisions: this.#undelivered(operation, round) };
  }

  async #expire(input: Input<'expire'>): Promise<Answer<'expire'>> {
    const { operation, generation, round, rung } = input;
    const decisions = this.#undelivered(operation, round);
    if (decisions.length > 0) return { kind: 'decided', decisions };
    const answerBy = this.questions.get(`${operation}.${generation}.${round}.${rung}`)?.answerBy ?? 0;
    const remainingMs = answerBy - (await this.#now());
    return remainingMs > 0 ? { kind: 'early', remainingMs } : { kind: 'expired' };
  }

  /** Genuine decisions of a round whose outcome is not in the journal yet. */
  #undelivered(operation: number, round: number): readonly DecisionMessage[] {
    const settled = this.journal.filter(
      ({ type, refused }) => type !== 'decision-refused' || refused !== undefined,
    );
    const told = new Set(settled.map((event) => event.body['decision']));
    return this.decisions.filter(
      (one) => one.operation === operation && one.round === round && !told.has(one.id),
    );
  }

  #isGenuine(decision: DecisionMessage): boolean {
    return this.decisions.some((one) => one.id === decision.id && one.verb === decision.verb);
  }

  /** The question whether a call may stay that ran unasked; asked once. */
  async #window({ operation, generation, round }: ExecuteInput): Promise<{ confirm?: Question }> {
    const windowMs = this.windows[operation];
    if (windowMs === undefined) return {};
    const answerBy = (await this.#now()) + windowMs;
    const key = `${operation}.${generation}.${round + 1}.0`;
    const confirm: Question = this.questions.get(key) ?? {
      round: round + 1,
      generation,
      digest: digestOf(`${operation}.${generation}`),
      briefDigest: digestOf(`brief ${operation}.${round + 1}`),
      kind: 'confirmation',
      rung: 0,
      rungs: 1,
      fallback: 'deny',
      role: 'supervisor',
      answerBy,
      extendableUntil: answerBy + 2 * DAY,
    };
    this.questions.set(key, confirm);
    return { confirm };
  }

  #undo({ operation, generation, resolution }: Input<'undo'>): Answer<'undo'> {
    if (resolution?.as === 'leave') return { kind: 'stands', decision: resolution.decision };
    if (resolution?.as !== 'happened') this.effects.push(`undo ${operation}.${generation}`);
    return { kind: 'undone' };
  }

  /** The honest claim and call. */
  async act(input: ExecuteInput): Promise<Answer<'execute'>> {
    const { operation, generation, decisions, resolution } = input;
    const [halt] = this.halts;
    if (halt !== undefined) return { kind: 'halted', ...halt };
    const genuine = decisions.every((id) =>
      this.decisions.some((one) => one.id === id && (one.verb === 'approve' || one.verb === 'edit')),
    );
    if (!genuine) return { kind: 'refused', reason: 'unverified' };
    if (resolution?.as === 'leave') return { kind: 'left', decision: resolution.decision };
    if (resolution?.as !== 'happened') this.effects.push(`${operation}.${generation}`);
    return { kind: 'executed', ...(decisions.length === 0 ? await this.#window(input) : {}) };
  }
}

/** A failure that no repeat helps, as an activity throws it. */
export function fatal(code: string): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message: code, nonRetryable: true });
}

/** The digest of whatever. */
export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest; // the one maker of test digests here
}
