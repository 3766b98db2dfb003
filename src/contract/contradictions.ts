import type { Impact, Json } from '../domain/action.js';
import { minorDigits } from './money.js';
import { isList, isMembers } from './schema-at.js';

interface Mention {
  readonly shown: string;
  /** What the number may mean: `1.000` is a thousand to some and one to others. */
  readonly values: readonly number[];
  readonly money: 'major' | 'cents' | null;
  /** The words directly before and after, stemmed. */
  readonly nouns: readonly string[];
}

interface Fact {
  /** Words of the argument's name, stemmed. */
  readonly nouns: readonly string[];
  readonly numbers: readonly number[];
  /** The name says that the number counts minor units. */
  readonly minor: boolean;
}

/** A plain space parts thousands after a currency, where the gate writes one itself; elsewhere it parts numbers. */
const NUMBER =
  /(?:(?<code>[A-Z]{3})\s?|(?<sign>[$€£¥₹])\s?)?(?<![\d.,])(?<digits>(?<=(?:[A-Z]{3}|[$€£¥₹])\s?)\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?(?![\d.,])|\d{1,3}(?:[.,'’\u00A0\u202F]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)(?<scale>[kKmM]\b)?\s?(?<after>[$€£¥₹]|[A-Z]{3}\b|(?:dollar|euro|pound|cent)s?\b)?/gu;
/** So many are told, as written. */
const MOST = 5;
/** Words are looked for in so much of an argument's name: each counts for every number under it. */
const LONGEST_NAME = 128;
const NAMELESS: Omit<Fact, 'numbers'> = { nouns: [], minor: false };
const EMPTY_NOUNS: ReadonlySet<string> = new Set([
  'id',
  'no',
  'number',
  'nr',
  'cent',
  'minor',
  'unit',
  'the',
  'a',
  'of',
  'for',
  'to',
  'on',
  'and',
  'is',
  'in',
  'by',
  'at',
  'name',
  'type',
  'value',
]);

/**
 * Numbers in the agent's words that contradict the arguments (D2): an amount of money that no argument says, or a number beside the name of
 * an argument (`order 1183`, `3 rows`) whose value is another. At most five, as written.
 */
export function contradictions(text: string, args: Json, impact: Impact): readonly string[] {
  const facts = [...factsOf(args), ...impactFacts(impact)];
  const amounts = { major: amountsOf(facts, impact, 'major'), cents: amountsOf(facts, impact, 'cents') };
  const named = numbersByNoun(facts);
  const found: string[] = [];
  for (const mention of mentions(text)) {
    const said =
      mention.money === null
        ? mention.nouns.flatMap((noun) => named.get(noun) ?? [])
        : [amounts[mention.money]].filter((numbers) => numbers.size > 0);
    const met = mention.values.some((value) => said.some((numbers) => numbers.has(keyOf(value))));
    if (said.length > 0 && !met) found.push(mention.shown);
    if (found.length === MOST) break;
  }
  return found;
}

/** Every amount that a number of the arguments may mean. Looked up per mention, so that long texts and long arguments cost their sum. */
function amountsOf(facts: readonly Fact[], impact: Impact, as: 'major' | 'cents'): ReadonlySet<string> {
  const digits = impact.money === undefined ? 2 : (minorDigits(impact.money.currency) ?? 2);
  const keys = new Set<string>();
  for (const fact of facts) {
    for (const value of fact.numbers) {
      const certain = fact.minor || value === impact.money?.minor;
      const other = as === 'cents' ? value * 100 : value / 10 ** digits;
      if (as === 'cents' || !certain) keys.add(keyOf(value));
      if (as === 'major' || !certain) keys.add(keyOf(other));
    }
  }
  return keys;
}

function numbersByNoun(facts: readonly Fact[]): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, Set<string>>();
  for (const { nouns, numbers } of facts) {
    if (numbers.length === 0) continue;
    const keys = numbers.map(keyOf);
    for (const noun of nouns) {
      const known = named.get(noun) ?? new Set();
      for (const key of keys) known.add(key);
      named.set(noun, known);
    }
  }
  return named;
}

/** Equal for amounts that differ by rounding alone, or by sign. */
function keyOf(value: number): string {
  return Math.abs(value).toPrecision(12);
}

function* mentions(text: string): Generator<Mention> {
  for (const match of text.matchAll(NUMBER)) {
    const { code, sign, digits = '', scale, after } = match.groups ?? {};
    const known = (word: string | undefined) =>
      word !== undefined && (minorDigits(word) !== undefined || !/^[A-Z]{3}$/.test(word));
    const factor = scale === undefined ? 1 : scale.toLowerCase() === 'k' ? 1000 : 1_000_000;
    const end = match.index + match[0].length;
    yield {
      shown: match[0].trim(),
      values: readings(digits).map((value) => value * factor),
      money:
        after?.startsWith('cent') === true
          ? 'cents'
          : known(code) || sign !== undefined || known(after)
            ? 'major'
            : null,
      nouns: [
        ...wordsOf(text.slice(Math.max(0, match.index - 40), match.index)).slice(-2),
        ...wordsOf(text.slice(end, end + 40)).slice(0, 1),
      ],
    };
  }
}

/** Every value some reader would take the digits for: `1.000` is one or a thousand, `2.40` is not 240. */
function readings(digits: string): readonly number[] {
  const bare = digits.replace(/['’ \u00A0\u202F]/g, '');
  const last = Math.max(bare.lastIndexOf('.'), bare.lastIndexOf(','));
  const grouped = Number(bare.replace(/[.,]/g, ''));
  if (last < 0) return [grouped];
  const decimal = Number(`${bare.slice(0, last).replace(/[.,]/g, '')}.${bare.slice(last + 1)}`);
  return bare.length - last === 4 ? [grouped, decimal] : [decimal];
}

function factsOf(value: Json, named: Omit<Fact, 'numbers'> = NAMELESS): readonly Fact[] {
  if (typeof value === 'number') return [{ ...named, numbers: [value] }];
  if (typeof value === 'string')
    return [{ ...named, numbers: (value.match(/\d+(\.\d+)?/g) ?? []).map(Number) }];
  if (isList(value))
    return [{ ...named, numbers: [value.length] }, ...value.flatMap((member) => factsOf(member, named))];
  if (isMembers(value))
    return Object.entries(value).flatMap(([name, member]) => factsOf(member, namedBy(name)));
  return [];
}

/** Read once for all that stands under the name: a long list of a long name costs their sum. */
function namedBy(name: string): Omit<Fact, 'numbers'> {
  const nouns = new Set(wordsOf(name.slice(0, LONGEST_NAME)));
  return { nouns: [...nouns], minor: /cents?$|minor/i.test(name) };
}

function impactFacts(impact: Impact): readonly Fact[] {
  return [
    {
      nouns: ['money', 'amount'],
      numbers: impact.money === undefined ? [] : [impact.money.minor],
      minor: true,
    },
    { nouns: ['row', 'record'], numbers: impact.rows === undefined ? [] : [impact.rows], minor: false },
    {
      nouns: ['recipient'],
      numbers: impact.recipients === undefined ? [] : [impact.recipients.length],
      minor: false,
    },
  ];
}

/** Words of a text or of a camelCase or snake_case name, lower case, without plural s, without those that name nothing. */
function wordsOf(text: string): readonly string[] {
  const words = text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').match(/[A-Za-z]+/g) ?? [];
  return words
    .map((word) => word.toLowerCase().replace(/(?<=..)s$/, ''))
    .filter((word) => !EMPTY_NOUNS.has(word));
}
