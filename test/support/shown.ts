import type { Verdict } from '../../src/domain/verdict.js';
import type { Database } from '../../src/store/database.js';

/** What a deployment's store says was judged and done in it. */
export interface Shown {
  readonly verdicts: readonly { readonly agent: string; readonly verdict: Verdict }[];
  /** Verbs of decisions that took effect. */
  readonly verbs: readonly string[];
}

/** Reads every verdict and every decision that was applied. */
export async function shownIn(database: Database): Promise<Shown> {
  const questions = await database.query<{ agent: string; verdict: string }>(
    'select agent, verdict from questions',
    [],
  );
  const decisions = await database.query<{ verb: string }>(
    `select distinct verb from decisions where outcome = 'applied'`,
    [],
  );
  return {
    verdicts: questions.map(({ agent, verdict }) => ({ agent, verdict: JSON.parse(verdict) as Verdict })), // as it was stored
    verbs: decisions.map(({ verb }) => verb),
  };
}
