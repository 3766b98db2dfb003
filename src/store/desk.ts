import type { Tier } from '../domain/action.js';
import type { Flag } from '../domain/brief.js';
import type { TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import type { QuestionRow, RoundRef } from './questions.js';
import type { TakenUp } from './taken-up.js';
import { storedJson } from './stored-json.js';

/** One line of a desk: of a question's brief only what a list shows. */
export interface DeskLine
  extends
    RoundRef,
    Pick<
      QuestionRow,
      'status' | 'kind' | 'agent' | 'tool' | 'role' | 'answerBy' | 'askedAt' | 'closedAt' | 'closedAs'
    > {
  readonly tier: Tier;
  /** Null for a question without a brief. */
  readonly proposal: string | null;
  readonly flags: readonly Flag[];
  /** How many people must approve. */
  readonly quorum: number;
  /** Who looks into it now. */
  readonly takenUp: TakenUp | null;
}

type Stored = Omit<DeskLine, 'proposal' | 'flags'> & { proposal: string | null; flags: string | null };

/** Where a page of questions ended: the values of its order. */
export interface DeskCursor {
  readonly due: number;
  readonly tier: number;
  readonly askedAt: number;
  readonly task: string;
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
}

/** The cursor behind a question. */
export function deskCursor(row: DeskLine): DeskCursor {
  const { tier, askedAt, task, operation, generation, round } = row;
  return { due: row.answerBy ?? Number.MAX_SAFE_INTEGER, tier, askedAt, task, operation, generation, round };
}

const LINE = `tenant, task, operation, generation, round, status, kind, agent, tool, tier, role, answer_by as "answerBy", asked_at as "askedAt",
  closed_at as "closedAt", closed_as as "closedAs", quorum,
  (select json_build_object('subject', u.subject, 'until', u.until) from taken_up u where u.tenant = q.tenant and u.task = q.task
     and u.operation = q.operation and u.until > extract(epoch from clock_timestamp()) * 1000) as "takenUp"`;
const KEY = 'task, operation, generation, round';
/** Each has an index of its own; a page begins behind its cursor. A parameter that one does not use has its type from the query. */
const PRESSING = {
  order: `coalesce(answer_by, 9007199254740991), (-tier), asked_at, ${KEY}`,
  cursor: '$4::bigint, -$5::int, $6::bigint, $7::text, $8::int, $9::int, $10::int',
};
const LATEST = { order: `(-asked_at), ${KEY}`, cursor: '-$6::bigint, $7::text, $8::int, $9::int, $10::int' };

const BRIEF = storedJson('brief');

/** Literals, so that the index of the open ones is taken. */
const STATUS = {
  open: { only: "status = 'open'", by: PRESSING },
  closed: { only: "status = 'closed' and closed_as <> 'asked-anew'", by: LATEST },
  all: { only: "status <> 'permitted'", by: LATEST },
} as const;

/**
 * Questions put to any of these roles, or named (`task:operation`), after a cursor: of the open ones the most pressing first, of others the one
 * that was asked last. A round that another one followed is not listed as closed: its question goes on. `roles` null = whatever role; `notRequester` leaves that person's own out.
 */
export async function pageDesk(
  queries: Queries,
  desk: {
    tenant: TenantId;
    roles: readonly string[] | null;
    named: readonly string[];
    status: keyof typeof STATUS;
    notRequester: string | null;
    after: DeskCursor | undefined;
    limit: number;
  },
): Promise<readonly DeskLine[]> {
  const { after } = desk;
  const { only, by } = STATUS[desk.status];
  // Only what the page shows is taken out of the briefs: they are large. Their texts stay JSON, for they may hold what no column can.
  const rows = await queries.query<Stored>(
    `select ${LINE}, (${BRIEF} -> 'proposal')::text as proposal, (${BRIEF} -> 'flags')::text as flags from (
       select * from questions q where tenant = $1 and ${only} and ($2::text[] is null or roles && $2 or (task || ':' || operation) = any($12::text[]))
         and ($3::text is null or not exists (select 1 from tasks t where t.tenant = q.tenant and t.task = q.task and t.requester = $3))
         and ($4::bigint is null or $5::int is null or (${by.order}) > (${by.cursor}))
       order by ${by.order} limit $11
     ) q order by ${by.order}`,
    [
      desk.tenant,
      desk.roles,
      desk.notRequester,
      after?.due ?? null,
      after?.tier ?? null,
      after?.askedAt ?? null,
      after?.task ?? null,
      after?.operation ?? null,
      after?.generation ?? null,
      after?.round ?? null,
      desk.limit,
      desk.named,
    ],
  );
  return rows.map(parse);
}

function parse(row: Stored): DeskLine {
  const proposal = JSON.parse(row.proposal ?? 'null') as string | null; // written by openQuestion
  const flags = (JSON.parse(row.flags ?? 'null') ?? []) as readonly Flag[]; // written by openQuestion
  return { ...row, proposal, flags };
}
