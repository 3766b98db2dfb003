import type { Json } from '../domain/action.js';
import type { Fired } from '../domain/verdict.js';
import { celFactsOf } from './cel-facts.js';
import type { Answer, CelFacts } from './compile.js';
import type { JudgeInput, KnownAnomaly } from './case.js';
import { visible } from './normalise.js';
import type { Rule } from './policy.js';
import { isStricter, type Reason } from './reason.js';

/** The longest value that is recorded with a rule that fired, in characters of JSON. */
const MAX_VALUE = 500;

/**
 * One reason for each rule of the file that fired. Every rule sees the case as it is and as a reader takes it (NFC, without invisible
 * characters); it fires if either fires, and a rule that cannot be evaluated fires at `approve`. One of trigger
 * `anomaly` that is known notifies.
 */
export function ruleReasons(input: JudgeInput): readonly Reason[] {
  if (input.policy.rules.length === 0) return [];
  const asSeen = { ...input, action: visible(input.action), task: visible(input.task) };
  const same = asSeen.action === input.action && asSeen.task === input.task;
  const raw = celFactsOf(input);
  const seen = same ? null : celFactsOf(asSeen);
  return input.policy.rules.flatMap((rule) => {
    const reason = reasonOf(rule, { raw, seen, known: input.known?.get(rule.id) });
    // Nobody claimed anything here: the tool itself was at a loss, and whom its rules name is asked.
    return input.unreadable === true
      ? reason.map((each) => ({ ...each, soft: rule.condition.restsOnClaims }))
      : reason;
  });
}

interface Seen {
  readonly raw: CelFacts;
  readonly seen: CelFacts | null;
  readonly known: KnownAnomaly | undefined;
}

function reasonOf(rule: Rule, { raw, seen, known }: Seen): Reason[] {
  const answer = rule.condition.evaluate(raw);
  const seenAnswer = seen === null ? answer : rule.condition.evaluate(seen);
  const error = errorOf(answer) ?? errorOf(seenAnswer);
  if (error === undefined && !fires(answer) && !fires(seenAnswer)) return [];
  // What a rule could not look at is not what people closed.
  const expected = rule.trigger === 'anomaly' && error === undefined ? known : undefined;
  const level = error === undefined || isStricter(rule.level, 'approve') ? rule.level : 'approve';
  const fired: Fired = {
    rule: rule.id,
    trigger: rule.trigger,
    level: expected === undefined ? level : 'notify',
    values: { ...valuesOf(rule, raw, seen), ...(expected && knownValues(expected)) },
    ...(rule.tag === null ? {} : { tag: rule.tag }),
    ...(error === undefined ? {} : { error }),
  };
  return [
    {
      fired,
      route: rule.route,
      ladder: rule.ladder,
      soft: rule.condition.restsOnClaims || error !== undefined,
      quorum: expected === undefined ? rule.quorum : 1,
    },
  ];
}

function errorOf(answer: Answer): string | undefined {
  return 'error' in answer ? answer.error : undefined;
}

function fires(answer: Answer): boolean {
  return 'fires' in answer && answer.fires;
}

function knownValues({ anomaly, until }: KnownAnomaly): Fired['values'] {
  return { knownAnomaly: anomaly, knownUntil: new Date(until).toISOString().slice(0, 10) };
}

/**
 * The values of the variables that the rule names, null where there is none; beside them, as `... (visible)`, what a reader takes for
 * the value where that differs. Arguments hold references in the place of secrets.
 */
function valuesOf(rule: Rule, raw: CelFacts, seen: CelFacts | null): Fired['values'] {
  return Object.fromEntries(
    rule.condition.mentions.flatMap((path) => {
      const value = recorded(path.reduce(partOf, raw));
      const visibleValue = seen === null ? value : recorded(path.reduce(partOf, seen));
      const differs = JSON.stringify(value) !== JSON.stringify(visibleValue);
      return [
        [path.join('.'), value] as const,
        ...(differs ? [[`${path.join('.')} (visible)`, visibleValue] as const] : []),
      ];
    }),
  );
}

function partOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** A value as it is kept: whole if short, else the beginning of its JSON. */
function recorded(value: unknown): Json {
  const text =
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)) ?? 'null';
  if (text.length > MAX_VALUE) return `${text.slice(0, MAX_VALUE)}…`.replace(/\p{Surrogate}/gu, '\ufffd');
  return JSON.parse(text) as Json; // JSON.parse gives nothing else
}
