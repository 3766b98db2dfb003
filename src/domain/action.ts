/** JSON without surprises: what survives every hop unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Risk by consequence: 1 read-only, 2 reversible, 3 external, 4 irreversible. An unknown tool is 4. */
export type Tier = 1 | 2 | 3 | 4;

/** An amount in the currency's minor unit (cents), always an integer; negative = towards us. */
export interface Money {
  readonly minor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** The five kinds of action that always ask a person unless the amount stays under the limit. */
export type AlwaysAsk =
  | 'deploy-production'
  | 'external-communication'
  | 'money'
  | 'delete-data'
  | 'change-privileges';

/** What a call would change, said by the tool from the arguments. */
export interface Impact {
  readonly money?: Money;
  /** Who receives the money; part of the key of cumulative limits. */
  readonly payee?: string;
  readonly rows?: number;
  readonly recipients?: readonly string[];
  readonly environment?: string;
}

/** Evidence beside the arguments, in the range the agent's author documents (confidence: 0 to 1). */
export type Readings = Readonly<Record<string, number | string | boolean>>;

/** What the tool declares of itself; all that judging needs of it. */
export interface ToolFacts {
  readonly name: string;
  readonly version: string;
  readonly tier: Tier;
  readonly categories: readonly AlwaysAsk[];
  readonly hasUndo: boolean;
}

/** One proposed tool call, as it is judged. */
export interface Action {
  readonly tool: string;
  readonly args: Json;
  readonly impact: Impact;
  readonly readings: Readings;
}
