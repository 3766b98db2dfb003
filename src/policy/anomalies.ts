import { anomalyId, type AnomalyIdentity } from '../contract/digest.js';
import type { AnomalyId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import type { JudgedTask } from './case.js';
import type { Policy } from './policy.js';

/** A class of anomalies, as it was met in a verdict. */
export interface MetAnomaly extends AnomalyIdentity {
  readonly id: AnomalyId;
  /** Whether its rule asked because it could not be evaluated. */
  readonly erred: boolean;
}

/** The anomalies of a verdict: every rule of trigger `anomaly` that fired, of the file or the gate's own; each class once. */
export function anomaliesIn(
  policy: Policy,
  call: Pick<JudgedTask, 'tenant' | 'agent'> & { readonly tool: string; readonly situation: string },
  { fired }: Pick<Verdict, 'fired'>,
): readonly MetAnomaly[] {
  const { tenant, agent, tool, situation } = call;
  const digests = new Map(policy.rules.map((rule) => [rule.id, rule.digest]));
  const met = fired
    .filter(({ trigger }) => trigger === 'anomaly')
    .map(({ rule, error }) => {
      const identity = { tenant, agent, tool, rule, ruleDigest: digests.get(rule) ?? null, situation };
      return { ...identity, id: anomalyId(identity), erred: error !== undefined };
    });
  return [...new Map(met.map((anomaly) => [anomaly.id, anomaly])).values()];
}
