import type { Verb } from '../domain/decision.js';
import type { DecisionId, HaltId, TaskId, TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import { askedOfOthers, type DecisionOutcome } from './decisions.js';
import { lentColumn, type Authority } from './delegations.js';
import { EVERY_TENANT } from './halts.js';
import { KEPT_MEMBERS, keptOf } from './staff.js';
import type { LedgerRow } from './ledger.js';
import type { TakenUp } from './taken-up.js';
import { latestQuestionSql, parseQuestion, type QuestionRow, type StoredQuestion } from './questions.js';

/** A decision as a list of them shows it. */
export interface DecisionLine {
  readonly id: DecisionId;
  readonly verb: Verb;
  readonly subject: string;
  /** In whose stead; null = in their own right. */
  readonly onBehalfOf: string | null;
  readonly at: number;
  readonly round: number;
  readonly outcome: DecisionOutcome | null;
}

/** A question with all that its reviewer's view needs. */
export interface Review {
  readonly question: QuestionRow;
  readonly requester: string;
  /** What became of the call it is about; null = it is about none. */
  readonly call: Pick<LedgerRow, 'status' | 'errorCode'> | null;
  /** The narrowest halt in force over the task. */
  readonly haltId: HaltId | null;
  /** All about the operation, oldest first. */
  readonly decisions: readonly DecisionLine[];
  /** Who edited the call into what is asked about, where somebody else must approve it. */
  readonly editors: readonly string[];
  /** Who looks into it now. */
  readonly takenUp: TakenUp | null;
  /** The viewer's, with the time by the database's clock. */
  readonly authority: Authority;
}

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

type Stored = StoredQuestion &
  Omit<Review, 'question' | 'authority'> &
  Pick<Authority, 'lent' | 'now'> & { kept: Record<string, readonly string[]> | null };

/** The newest question about an operation for one viewer, in one query however much there is about it; undefined = there is none. */
export async function findReview(
  queries: Queries,
  of: {
    readonly tenant: TenantId;
    readonly task: TaskId;
    readonly operation: number;
    readonly viewer: string;
  },
): Promise<Review | undefined> {
  const [row] = await queries.query<Stored>(
    `select q.*, t.requester, ${NOW} as now,
       (select json_build_object('status', l.status, 'errorCode', l.error_code) from ledger l
        where l.tenant = $1 and l.task = $2 and l.operation = $3 and l.generation = q.generation) as call,
       (select id from halts where lifted_at is null and ((scope = 'all' and tenant = $4) or (tenant = $1
          and ((scope = 'tenant' and target = $1) or (scope = 'agent' and target = t.agent) or (scope = 'task' and target = $2))))
        order by array_position(array['task', 'agent', 'tenant', 'all'], scope), set_at limit 1) as "haltId",
       coalesce((select json_agg(json_build_object('id', id, 'verb', verb, 'subject', subject, 'onBehalfOf', on_behalf_of, 'at', at, 'round', round, 'outcome', outcome)
          order by at, id) from decisions d where d.tenant = $1 and d.task = $2 and d.operation = $3), '[]') as decisions,
       coalesce((select json_agg(distinct who) from decisions d, unnest(array[d.subject, d.on_behalf_of]) as who
          where exists (${askedOfOthers('q.generation')}) and who is not null and d.tenant = $1 and d.task = $2 and d.operation = $3 and d.verb = 'edit'
            and (d.message::json -> 'edited' ->> 'generation')::int = q.generation), '[]') as editors,
       (select json_build_object('subject', subject, 'until', until) from taken_up
        where tenant = $1 and task = $2 and operation = $3 and until > ${NOW}) as "takenUp",
       ${lentColumn('$5')} as lent, ${KEPT_MEMBERS} as kept
     from tasks t cross join lateral (${latestQuestionSql}) q where t.tenant = $1 and t.task = $2`,
    [of.tenant, of.task, of.operation, EVERY_TENANT, of.viewer],
  );
  if (!row) return undefined;
  const { requester, call, haltId, decisions, editors, takenUp, lent, kept, now, ...question } = row;
  const authority = { lent, kept: keptOf(kept), now };
  return {
    question: parseQuestion(question),
    requester,
    call,
    haltId,
    decisions,
    editors,
    takenUp,
    authority,
  };
}
