import type { Brief } from '../domain/brief.js';
import { visible } from '../domain/sanitise.js';
import { wellFormed } from './brief-arguments.js';
import { CLOSED, noReach, shortSilence } from './brief-words.js';
import { showTime } from './show-time.js';

/** What a reader needs to show a brief, and what is not part of it. */
export interface Reading {
  /** Epoch milliseconds; null = no deadline. */
  readonly answerBy: number | null;
  /** The role asked when nobody answers by then; null = none. */
  readonly nextRole: string | null;
  /** False = it is closed, nobody is asked any more. */
  readonly open: boolean;
  readonly now: number;
  /** IANA name of the reader's zone. */
  readonly zone: string;
}

/** Words each line may take, in order; 120 in all. What a line leaves goes to the first that needs it; what is cut is counted, never silent. */
const BUDGETS: readonly number[] = [24, 8, 14, 15, 12, 8, 11, 16, 8, 4];
const MOST_WORDS = 120;
const LONGEST_WORD = 60;

/** The ten lines a reviewer reads first, in the order of the review guide, at most 120 words in all; already made visible by the sanitiser. */
export function aboveTheFold(brief: Brief, reading: Reading): readonly string[] {
  const lines = [
    brief.proposal,
    brief.reversibility,
    reach(brief),
    grounds(brief),
    changes(brief),
    listed(
      'Evidence',
      brief.evidence.map(({ what, source, at }) => `${what} (${source}, ${age(at, reading.now)})`),
    ),
    listed('Unknown', [...(brief.flags.length > 0 ? [brief.flags.join(', ')] : []), ...brief.unknowns]),
    deadline(brief, reading),
    trackRecord(brief.trackRecord),
    agentLine(brief),
  ];
  const words = lines.map(wordsOf);
  let spare =
    MOST_WORDS - words.reduce((sum, line, index) => sum + Math.min(line.length, BUDGETS[index] ?? 0), 0);
  return words.map((line, index) => {
    const budget = BUDGETS[index] ?? 0;
    const extra = Math.min(spare, Math.max(0, line.length - budget));
    spare -= extra;
    return cut(line, budget + extra);
  });
}

function agentLine({ agentText, agentQuestion }: Brief): string {
  if (agentQuestion !== undefined) return 'Agent asks (unverified): below';
  return agentText === null ? 'Agent said nothing.' : 'Agent says (unverified): below';
}

/** A preview that shows nothing does not say that nothing changes. */
function changes({ diff, flags }: Brief): string {
  if (diff.length === 0)
    return flags.includes('uninspectable') ? 'Changes: not known' : 'Changes: none shown';
  return listed(
    'Changes',
    diff.map(({ field, before, after }) => `${field}: ${before} -> ${after}`),
  );
}

function reach(brief: Brief): string {
  const parts = [
    brief.money?.text,
    brief.rows === null ? undefined : `${brief.rows} rows`,
    brief.recipients.length === 0 ? undefined : `to ${brief.recipients.join(', ')}`,
    brief.environment === null ? undefined : `in ${brief.environment}`,
  ].filter((part) => part !== undefined);
  return `Reach: ${parts.length === 0 ? noReach(brief) : parts.join('; ')}`;
}

function grounds(brief: Brief): string {
  const rules = brief.fired.map(({ rule, values }) => {
    const shown = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return shown.length === 0 ? rule : `${rule} (${shown.join(' ')})`;
  });
  return listed('Stopped by', rules);
}

function listed(label: string, items: readonly string[]): string {
  return items.length === 0 ? `${label}: none` : `${label}: ${items.join('; ')}`;
}

function deadline(brief: Brief, { answerBy, nextRole, open, now, zone }: Reading): string {
  if (!open) return CLOSED;
  return answerBy === null
    ? 'No deadline; waits until somebody decides.'
    : `By ${showTime(answerBy, now, zone)}; else ${shortSilence(brief, nextRole)}`;
}

function age(at: number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  if (minutes < 60) return `${minutes}min old`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)}h old` : `${Math.floor(minutes / 1440)}d old`;
}

function trackRecord({ executed, rejected, failed }: Brief['trackRecord']): string {
  const n = executed + rejected + failed;
  if (n === 0) return 'Record: no earlier calls (n=0)';
  const { low, high } = wilson(executed, n);
  return `Record: ${executed} of n=${n} carried out (95% ${percent(low)}-${percent(high)})`;
}

/** Wilson's 95 % interval of a share. E. B. Wilson, 1927. */
export function wilson(hits: number, n: number): { readonly low: number; readonly high: number } {
  const z = 1.959964;
  const share = hits / n;
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** Words as they will be shown: a word without end counts as its beginning. */
function wordsOf(text: string): readonly string[] {
  const words = visible(text, { block: true })
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.map((word) =>
    word.length > LONGEST_WORD
      ? `${wellFormed(word.slice(0, LONGEST_WORD))}…(+${word.length - LONGEST_WORD})`
      : word,
  );
}

function cut(words: readonly string[], most: number): string {
  return words.length <= most
    ? words.join(' ')
    : `${words.slice(0, most - 1).join(' ')} …(+${words.length - most + 1})`;
}
