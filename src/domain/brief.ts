import type { Json, Money, Tier } from './action.js';
import type { Verb } from './decision.js';
import type { EscalationId, TaskId, TenantId } from './ids.js';
import type { Fallback, Fired } from './verdict.js';

/** One line of a before/after comparison, said by the tool's preview. */
export interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** Something the reviewer may check, with its source and age. */
export interface Evidence {
  readonly what: string;
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What choosing (or not choosing) means. */
export interface Option {
  readonly verb: Exclude<Verb, 'hold' | 'extend' | 'withdraw'> | 'silence';
  readonly label: string;
  readonly consequence: string;
}

/** A reason to look twice; made by the gate, never by the agent. */
export type Flag =
  | 'control-characters'
  | 'bidi'
  | 'invisible-characters'
  | 'mixed-scripts'
  | 'normalisation'
  | 'opaque'
  | 'oversized'
  | 'uninspectable'
  | 'pressure-language'
  | 'number-mismatch'
  | 'unknown-tool'
  | 'earlier-effect';

/** One top-level argument: every one is listed, long ones are folded with their size told. */
export interface ArgumentLine {
  readonly name: string;
  /** The canonical JSON of the value, or its beginning; secrets show as a mask. */
  readonly value: string;
  readonly bytes: number;
  readonly folded: boolean;
  /** For an opaque blob: SHA-256 of the text. */
  readonly sha256?: string;
}

/**
 * What the reviewer sees: rendered from the arguments that will run. Raw text throughout, each surface passes it through the sanitiser.
 * The first nine fields of the reading order come before the agent's own words, which are last and labelled.
 */
export interface Brief {
  readonly escalation: EscalationId;
  readonly task: TaskId;
  readonly tenant: TenantId;
  readonly round: number;
  readonly tier: Tier;
  /** Why this round exists: the first asking, or what made it be asked anew. */
  readonly reason: string;
  /** 1 verb, object, amount, target; from the tool's `describe`. */
  readonly proposal: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** 2 whether it can be undone, and how. */
  readonly reversibility: string;
  /** 3 what it touches. */
  readonly money: (Money & { readonly text: string }) | null;
  readonly rows: number | null;
  readonly recipients: readonly string[];
  readonly environment: string | null;
  /** 4 why it stopped here. */
  readonly fired: readonly Fired[];
  /** 5 */
  readonly diff: readonly Change[];
  /** 6 */
  readonly evidence: readonly Evidence[];
  /** 7 what is unknown or uninspectable, and flags raised by the gate. */
  readonly unknowns: readonly string[];
  readonly flags: readonly Flag[];
  /** 8 */
  /** `undo`: what ran is taken back unless somebody confirms it. */
  readonly onSilence: Fallback | 'undo';
  readonly options: readonly Option[];
  readonly question: string;
  /** 9 of this agent on this tool. */
  readonly trackRecord: { readonly executed: number; readonly rejected: number; readonly failed: number };
  readonly arguments: readonly ArgumentLine[];
  /** The whole canonical arguments, secrets masked. */
  readonly fullArguments: Json;
  /** The original request, verbatim. */
  readonly request: string;
  readonly workDone: readonly { readonly what: string; readonly outcome: string; readonly at: number }[];
  readonly alternatives: readonly string[];
  readonly authority: {
    readonly requester: string;
    readonly agent: string;
    readonly credentials: string;
    readonly mayDecide: readonly string[];
  };
  readonly session: string;
  /** Effects that an earlier generation of this operation already had. */
  readonly earlierEffects: readonly string[];
  /** 10 the agent's own words: boxed, last, unverified. First what it asks a person, absent when it asks nothing. */
  readonly agentQuestion?: string;
  readonly agentText: string | null;
}
