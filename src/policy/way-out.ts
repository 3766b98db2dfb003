import type { Json } from '../domain/action.js';
import type { Fired, Verdict } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import { judge } from './judge.js';
import { withValue } from './with-value.js';

/** Another value of one variable. */
export interface Change {
  /** As conditions name it: `readings.confidence`. */
  readonly variable: string;
  readonly from: Json;
  readonly to: Json;
}

/** One way to be rid of one reason, and what the policy would then say. */
export interface WayOut {
  readonly changes: readonly Change[];
  readonly after: Verdict;
}

type Scalar = number | string | boolean;

/** A variable that the reason rests on, and the values worth a try, nearest first. */
interface Variable {
  readonly path: readonly string[];
  readonly from: Json;
  readonly tries: readonly Scalar[];
}

/** A condition may spell out hundreds of values; the nearest are worth a try, and an explanation has to end. */
const MOST_TRIES = 100;
const MOST_PAIRED = 6;
const MOST_TRIES_PAIRED = 12;

/**
 * The smallest changes of the call after which the reason is gone, each found by judging anew: for every variable by itself the nearest
 * value, of amounts the largest; where no single one helps, the first two together that do. Empty = no change of the call was found.
 */
export function waysOut(input: JudgeInput, fired: Fired): readonly WayOut[] {
  const variables = variablesOf(input, fired);
  const alone = (tries: readonly Variable[]) =>
    tries.flatMap((variable) => firstOf(input, fired, [variable]));
  const near = alone(variables);
  if (near.length > 0) return near;
  const emptied = alone(
    variables.map((each) => ({ ...each, tries: typeof each.from === 'string' ? ['', '-'] : [] })),
  );
  if (emptied.length > 0) return emptied;
  const few = variables
    .slice(0, MOST_PAIRED)
    .map((each) => ({ ...each, tries: each.tries.slice(0, MOST_TRIES_PAIRED) }));
  const pairs = few.flatMap((one, at) => few.slice(at + 1).map((other) => [one, other]));
  for (const pair of pairs) {
    const found = firstOf(input, fired, pair);
    if (found.length > 0) return found;
  }
  return [];
}

function firstOf(input: JudgeInput, fired: Fired, variables: readonly Variable[]): readonly WayOut[] {
  for (const values of combinations(variables)) {
    const changed = variables.reduce<JudgeInput | null>(
      (so, { path }, at) => so && withValue(so, path, values[at] ?? ''),
      input,
    );
    const after = changed && judge(changed);
    if (after === null || after.fired.some(({ rule }) => rule === fired.rule)) continue;
    const changes = variables.map(({ path, from }, at) => ({
      variable: path.join('.'),
      from,
      to: values[at] ?? '',
    }));
    return [{ changes, after }];
  }
  return [];
}

function combinations([first, ...rest]: readonly Variable[]): readonly (readonly Scalar[])[] {
  if (first === undefined) return [[]];
  const others = combinations(rest);
  return first.tries.flatMap((value) => others.map((more) => [value, ...more]));
}

function variablesOf(input: JudgeInput, fired: Fired): readonly Variable[] {
  const rule = input.policy.rules.find(({ id }) => id === fired.rule);
  if (rule === undefined) return builtIn(input, fired);
  const { mentions, constants } = rule.condition;
  const lists = mentions.flatMap((path) => {
    const value = fired.values[path.join('.')];
    return Array.isArray(value) ? value.filter((member) => typeof member === 'string') : [];
  });
  return mentions.map((path) => {
    const from = fired.values[path.join('.')] ?? null;
    return { path, from, tries: triesFor(from, [...constants, ...lists]).slice(0, MOST_TRIES) };
  });
}

/** Above a limit the amount that would stay under it, whichever way the money goes. */
function builtIn({ action }: JudgeInput, { rule, values }: Fired): readonly Variable[] {
  const { limit, counted } = values;
  const from = action.impact.money?.minor;
  if (typeof limit !== 'number' || from === undefined) return [];
  if (rule !== 'always-ask:money' && !rule.startsWith('limit:')) return [];
  const room = limit - (typeof counted === 'number' ? counted : 0);
  if (room < 0) return [];
  return [{ path: ['action', 'money', 'minor'], from, tries: from < 0 ? [-room, room] : [room, -room] }];
}

function triesFor(from: Json, known: readonly (number | string)[]): readonly Scalar[] {
  if (typeof from === 'boolean') return [!from];
  if (typeof from === 'string') return known.filter((value) => typeof value === 'string' && value !== from);
  const numbers = known
    .filter((value) => typeof value === 'number')
    .flatMap((value) => [value, ...beside(value, from)]);
  if (typeof from === 'number')
    return numbers
      .filter((value) => value !== from)
      .toSorted((a, b) => distance(a, from) - distance(b, from));
  if (from !== null) return [];
  return [...numbers, ...known.filter((value) => typeof value === 'string'), '', true, false];
}

function distance(a: number, b: number): number {
  return Math.abs(a - b);
}

/** The next numbers: whole ones beside whole ones. */
function beside(value: number, from: Json): readonly number[] {
  const whole = Number.isInteger(value) && (from === null || Number.isInteger(from));
  const step = whole ? 1 : Math.max(Math.abs(value), 1e-9) * 2 ** -40;
  return [value + step, value - step];
}
