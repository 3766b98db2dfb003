import type { Impact, Json } from '../domain/action.js';
import type { Flag } from '../domain/brief.js';
import { flagsOf } from '../domain/sanitise.js';
import { isOversized, strings } from './brief-arguments.js';
import { contradictions } from './contradictions.js';
import { isPressing } from './pressure.js';
import { NOTHING_DETECTED, type Detected, type TaskCourse } from './readings.js';

/** A call as far as it can be read without its tool. */
export interface WrittenCall {
  readonly tool: string;
  /** Secrets masked. */
  readonly args: Json;
  readonly impact: Impact;
  /** What the requester wants, verbatim. */
  readonly request: string;
  readonly agentText: string | null;
  /** What the agent asks a person. */
  readonly question: string | null;
}

/** What reading a call alone gives: for the flags of its brief and for its readings, so that the two never disagree. */
export interface Seen {
  /** Those about single characters, and `pressure-language`. */
  readonly flags: readonly Flag[];
  /** Numbers in the agent's words that contradict the arguments, as written; null = the arguments are too large to compare. */
  readonly wrongNumbers: readonly string[] | null;
}

/** Reads arguments, request and the agent's words. Pure; never throws on hostile text. */
export function lookAt({ tool, args, impact, request, agentText, question }: WrittenCall): Seen {
  const words = [agentText, question].filter((text) => text !== null).join('\n');
  const texts = [tool, ...strings(args), words, request, ...(impact.recipients ?? []), impact.payee ?? ''];
  const flags = new Set(texts.flatMap(flagsOf));
  if (isPressing(words)) flags.add('pressure-language');
  return { flags: [...flags], wrongNumbers: words === '' ? [] : wrongNumbersIn(words, args, impact) };
}

/** Large arguments hold so many numbers that comparing holds up everybody else, and few words contradict all of them. */
function wrongNumbersIn(words: string, args: Json, impact: Impact): Seen['wrongNumbers'] {
  return isOversized(args) ? null : contradictions(words, args, impact);
}

/** The readings that say the same as the flags. */
export function readingsOfFlags(flags: readonly Flag[]): Pick<Detected, keyof typeof FLAG_OF> {
  const has = (name: keyof typeof FLAG_OF) => flags.includes(FLAG_OF[name]);
  return {
    pressure_language: has('pressure_language'),
    control_characters: has('control_characters'),
    bidi_controls: has('bidi_controls'),
    invisible_characters: has('invisible_characters'),
    mixed_scripts: has('mixed_scripts'),
  };
}

const FLAG_OF = {
  pressure_language: 'pressure-language',
  control_characters: 'control-characters',
  bidi_controls: 'bidi',
  invisible_characters: 'invisible-characters',
  mixed_scripts: 'mixed-scripts',
} as const satisfies Partial<Record<keyof Detected, Flag>>;

/** Nothing was looked at. */
export const NOTHING_SEEN: Seen = { flags: [], wrongNumbers: [] };

/** All that the gate finds out about a call: by reading it, from the course of its task, its deadline, and whether its agent asks. */
export function detectedIn(found: {
  readonly seen: Seen;
  readonly course: TaskCourse;
  readonly minutesToDeadline: number;
  readonly asked: boolean;
}): Detected {
  const { seen, course, minutesToDeadline, asked } = found;
  const { contradictory_state: _, ...nothing } = NOTHING_DETECTED;
  const { contradictory_state: twice = false, ...before } = course;
  const wrong = seen.wrongNumbers;
  return {
    ...nothing,
    ...before,
    ...(twice || wrong !== null ? { contradictory_state: twice || (wrong ?? []).length > 0 } : {}),
    ...readingsOfFlags(seen.flags),
    minutes_to_deadline: minutesToDeadline,
    check_requested: asked,
  };
}
