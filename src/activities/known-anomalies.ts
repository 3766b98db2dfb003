import type { AnomalyId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import { verifyClosing } from '../contract/closing-record.js';
import { anomaliesIn } from '../policy/anomalies.js';
import type { KnownAnomaly } from '../policy/case.js';
import { personOf } from '../policy/people.js';
import type { Policy } from '../policy/policy.js';
import { closersOf } from '../policy/roster.js';
import { expectedClosings } from '../store/anomalies.js';
import type { Queries } from '../store/database.js';
import type { TaskRow } from '../store/tasks.js';
import type { ActivityDeps } from './ports.js';

/** A call that was judged as if nothing was known. */
interface Judged {
  readonly policy: Policy;
  readonly task: TaskRow;
  readonly tool: string;
  readonly verdict: Verdict;
  readonly now: number;
}

type Known = ReadonlyMap<string, KnownAnomaly>;
const NOTHING: Known = new Map();

/**
 * Which of the rules that fired people closed as expected, for this agent, tool and situation. Asks the store only when a rule of the file
 * of trigger `anomaly` fired.
 */
export async function knownIn(
  queries: Queries,
  deps: Pick<ActivityDeps, 'verifier' | 'log'>,
  judged: Judged,
): Promise<Known> {
  const { policy, task, tool, verdict } = judged;
  const { tenant, agent, request } = task;
  const met = anomaliesIn(policy, { tenant, agent, tool, situation: request.situation }, verdict).filter(
    ({ ruleDigest, erred }) => ruleDigest !== null && !erred,
  );
  if (met.length === 0) return NOTHING;
  const rows = await expectedClosings(
    queries,
    met.map(({ id }) => id),
  );
  const until = new Map(rows.map(({ id, jws }) => [id, expectedUntil(deps, judged, { id, jws })]));
  return new Map(
    met.flatMap(({ rule, id }) => {
      const end = until.get(id);
      return end === undefined ? [] : [[rule, { anomaly: id, until: end }] as const];
    }),
  );
}

/**
 * Until when a closing holds for this task; undefined when it does not: nothing but its signature counts, and the policy in force now
 * still lets this role close, for so long. Whoever closed it is asked about what they want themselves.
 */
function expectedUntil(
  { verifier, log }: Pick<ActivityDeps, 'verifier' | 'log'>,
  { policy, task, now }: Judged,
  { id, jws }: { readonly id: AnomalyId; readonly jws: string | null },
): number | undefined {
  const record = verifyClosing(jws, verifier);
  if (record?.anomaly !== id || record.tenant !== task.tenant || record.until === null) {
    log('error', 'anomaly-closing-forged', { anomaly: id });
    return undefined;
  }
  const closers = closersOf(policy, task.agent);
  const own = personOf(policy, record.by) === personOf(policy, task.requester);
  if (own || !record.roles.some((role) => closers.includes(role))) return undefined;
  const until = Math.min(record.until, record.at + policy.anomalies.expectedForMs);
  return now < until ? until : undefined;
}
