/**
 * The HTTP API's bodies and queries. Requests are strict: a member that nothing reads is refused. Answers may gain members; a reader
 * passes over those it does not know. All times are epoch milliseconds of the database's clock. The tenant comes from the token.
 */
import { z } from 'zod';
import { VERBS } from '../domain/decision.js';
import { briefSchema, flag } from './brief-schema.js';
import {
  count,
  decisionIdText,
  digest,
  escalationIdText,
  freeText,
  haltIdText,
  instant,
  name,
  reading,
  taskName,
  tenantName,
  toolName,
} from './fields.js';
import { haltScope } from './halt-record.js';
import { cursor, page } from './http-page.js';
import { json, jsonObject } from './json-field.js';
import { REJECT_CODES, saidWhy } from './reject-reasons.js';
import { isDetectedName } from './readings.js';

const why = freeText(1, 2000);
const saidFits = (body: Parameters<typeof saidWhy>[0]) => why.safeParse(saidWhy(body)).success;
const claims = z.record(name, reading).superRefine((given, context) => {
  for (const key of Object.keys(given).filter(isDetectedName))
    context.addIssue({ code: 'custom', path: [key], message: 'the gate itself detects this: leave it out' });
});
const tier = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
const verb = z.enum(VERBS);
const state = z.enum([
  'RUNNING',
  'PAUSED_PENDING_HUMAN',
  'HUMAN_RESPONDED',
  'RESUMING',
  'COMPLETED',
  'FAILED',
  'TIMED_OUT',
]);

const questionKind = z.enum(['approval', 'resolution', 'stop', 'confirmation', 'hand-over']);

/** One ready-made tool call. */
export const readyAction = z.strictObject({
  tool: toolName,
  args: jsonObject,
  agentText: z.exactOptional(freeText(0, 20_000)),
  /** What the agent asks a person: the call then waits for one, whatever the policy says. */
  question: z.exactOptional(freeText(1, 2_000)),
});

/**
 * `POST /v1/tasks`: one ready-made action, or a planner that proposes them. `requester` defaults to the token's subject. The task's name is
 * the key of the request: the same again gets the first task, something else under it `idempotency-conflict`.
 */
export const submitRequest = z
  .strictObject({
    task: taskName,
    agent: name,
    requester: z.exactOptional(name),
    /** What is wanted, verbatim; reviewers read it. */
    goal: z.exactOptional(freeText(0, 20_000)),
    /** What kind of case it is, for the policy. */
    situation: z.exactOptional(name),
    readings: z.exactOptional(claims),
    /** When the work should be done; rules read how near it is. */
    deadline: z.exactOptional(instant),
    /** A planner the worker knows, and what to give it. */
    planner: z.exactOptional(z.strictObject({ name, input: z.exactOptional(json) })),
    action: z.exactOptional(readyAction),
    /** The web hook that is told once the task is closed, whatever else it is told of. */
    callback: z.exactOptional(name),
  })
  .refine(
    (body) => body.planner === undefined || body.action === undefined,
    'give either `planner` or `action`, not both',
  )
  .refine(
    (body) => body.action !== undefined || body.planner !== undefined,
    'say what is to be done: give an `action`, or a `planner` that proposes actions',
  );

/** Answer to a submit: 201 for a new task, 200 for one that was there. */
export const submitAnswer = z.object({ task: taskName, tenant: tenantName, created: z.boolean(), state });

/** One operation in a task's history. */
export const operationView = z.object({
  operation: count,
  generation: count,
  tool: z.string(),
  tier: tier.nullable(),
  status: z.string(),
  outcome: z.string().nullable(),
  escalation: escalationIdText.nullable(),
  proposal: z.string().nullable(),
  at: instant,
});

/** `GET /v1/tasks/{task}`. */
export const taskView = z.object({
  task: taskName,
  tenant: tenantName,
  agent: z.string(),
  requester: z.string(),
  goal: z.string().nullable(),
  deadline: instant.nullable(),
  state,
  since: instant,
  submittedAt: instant,
  closedAt: instant.nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  /** The narrowest halt in force over an open task; nothing of it goes on before that is lifted. */
  halt: haltIdText.nullable(),
  waitsFor: z.array(
    z.object({
      escalation: escalationIdText,
      role: z.string(),
      answerBy: instant.nullable(),
      reason: z.string().nullable(),
    }),
  ),
  operations: z.array(operationView),
  /** The end of the task's journal as its run was told last, kept in Temporal's history; null when no run answers. */
  head: z.object({ seq: count, hash: z.string() }).nullable(),
});

/** `GET /v1/tasks`: query. */
export const taskQuery = z.strictObject({ state: state.optional(), agent: name.optional(), ...page });
/** `GET /v1/tasks`: answer. */
export const taskPage = z.object({
  tasks: z.array(taskView.omit({ halt: true, waitsFor: true, operations: true, goal: true, head: true })),
  next: cursor.nullable(),
});

/** `GET /v1/tasks/{task}/result`: query; `wait` in seconds. */
export const resultQuery = z.strictObject({
  wait: z.coerce.number().pipe(z.int().min(0).max(60)).default(0),
});
/** The outcome of a task and of each of its calls; 200 once closed, 202 while it runs. */
export const resultView = z.object({
  task: taskName,
  state,
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  results: z.array(
    z.object({
      operation: count,
      generation: count,
      tool: z.string(),
      outcome: z.string(),
      result: json.nullable(),
      /** Why a person rejected it; null otherwise. */
      why: z.string().nullable(),
    }),
  ),
});

/** `POST /v1/tasks/{task}/cancel`, by whoever asked for it, may halt it or answers for its agent. Once noted, a repeat gets the first answer, whatever became of the task. */
export const cancelRequest = z.strictObject({ why });

/** `GET /v1/escalations`: query. `state` defaults to the open ones. */
export const inboxQuery = z.strictObject({
  role: name.optional(),
  mine: z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] }).optional(),
  state: z.enum(['open', 'closed', 'all']).default('open'),
  ...page,
});
/** How many people must approve, each without hearing of the others; and who looks into the question, which keeps nobody else from deciding. */
const voting = {
  quorum: count,
  claimedBy: z.string().nullable(),
  claimedUntil: instant.nullable(),
};

/** One line of the inbox; no arguments, nothing of the agent's words. */
export const inboxItem = z.object({
  escalation: escalationIdText,
  task: taskName,
  agent: z.string(),
  tool: z.string(),
  tier,
  role: z.string(),
  kind: questionKind,
  proposal: z.string(),
  flags: z.array(flag),
  version: count,
  askedAt: instant,
  answerBy: instant.nullable(),
  state: z.string(),
  ...voting,
});
/** `GET /v1/escalations`: answer, most urgent first. */
export const inboxPage = z.object({ escalations: z.array(inboxItem), next: cursor.nullable() });

/** `GET /v1/escalations/{esc}`. `digest` and `version` go back with the decision. */
export const escalationView = z.object({
  escalation: escalationIdText,
  state: z.string(),
  kind: questionKind,
  brief: briefSchema,
  briefDigest: digest,
  digest,
  /** The round. */
  version: count,
  role: z.string(),
  askedAt: instant,
  answerBy: instant.nullable(),
  extendableUntil: instant.nullable(),
  /** The role that is asked when nobody answers by `answerBy`; null = then what `brief.onSilence` says. */
  nextRole: z.string().nullable(),
  /** What became of the call, or else as what the question was closed; null = neither yet. */
  outcome: z.string().nullable(),
  halt: haltIdText.nullable(),
  ...voting,
  /** In whose stead this reviewer may decide it, whoever has voted; absent = in their own right, or not at all. */
  standsInFor: z.exactOptional(name),
  /** What this reviewer may do now; empty = only look. */
  mayDo: z.array(verb),
  /** Why not more, in words. */
  mayNot: z.string().nullable(),
  decisions: z.array(
    z.object({
      decision: decisionIdText,
      verb,
      by: z.string(),
      /** In whose stead; null = in their own right. */
      onBehalfOf: z.string().nullable(),
      at: instant,
      version: count,
      /** What became of it; `lapsed` = of several approvals one that counts no more. Null = on its way. */
      outcome: z.string().nullable(),
    }),
  ),
});

/** `POST /v1/escalations/{esc}/decisions`. */
export const decisionRequest = z
  .strictObject({
    decision: verb,
    why: freeText(0, 2000),
    /** For `reject`: why, by its code, kept and signed at the start of `why`, which may be empty then. */
    reason: z.exactOptional(z.enum(REJECT_CODES)),
    digest,
    version: count,
    /** For `edit`: the whole new arguments; a secret left as its mask keeps its value. */
    edits: z.exactOptional(jsonObject),
    /** For `hold` (absent: as long as the policy lets) and `extend`: the new deadline. */
    until: z.exactOptional(instant),
    /** For `resolve`: what became of the call. */
    resolution: z.exactOptional(z.enum(['happened', 'not-happened', 'leave'])),
    /** For `resolve` as `happened`: what the call gave. */
    result: z.exactOptional(json),
    /** For `respond`: what the agent is told in the call's place. */
    answer: z.exactOptional(freeText(1, 4000)),
    /** For `take-over`: the person's own result of the work, in the shape of the tool's output. */
    outcome: z.exactOptional(json),
  })
  .refine((body) => body.reason === undefined || body.decision === 'reject', '`reason` belongs to reject')
  .refine(saidFits, { path: ['why'], error: 'must be 1 to 2000 characters, with the code of its reason' })
  .refine(
    (body) => (body.edits !== undefined) === (body.decision === 'edit'),
    '`edits` belongs to edit, and edit needs it',
  )
  .refine(
    (body) => body.until === undefined || body.decision === 'hold' || body.decision === 'extend',
    '`until` belongs to hold and extend',
  )
  .refine((body) => body.until !== undefined || body.decision !== 'extend', 'extend needs `until`')
  .refine(
    (body) => (body.resolution !== undefined) === (body.decision === 'resolve'),
    '`resolution` belongs to resolve, and resolve needs it',
  )
  .refine(
    (body) => body.result === undefined || body.resolution === 'happened',
    '`result` belongs to a call that happened',
  )
  .refine(
    (body) => (body.answer !== undefined) === (body.decision === 'respond'),
    '`answer` belongs to respond, and respond needs it',
  )
  .refine(
    (body) => (body.outcome !== undefined) === (body.decision === 'take-over'),
    '`outcome` belongs to take-over, and take-over needs it',
  );

/** 200 when applied, 202 when stored and not yet applied. */
export const decisionReceipt = z.object({
  decision: decisionIdText,
  escalation: escalationIdText,
  verb,
  at: instant,
  applied: z.boolean(),
  /** State of the escalation afterwards; null while not applied. */
  state: z.string().nullable(),
});

/** `POST /v1/halts`. `target` names the task or agent; absent for `tenant` and `all`. */
export const haltRequest = z
  .strictObject({ scope: haltScope, target: z.exactOptional(name), why })
  .refine(
    (body) => (body.target !== undefined) === (body.scope === 'task' || body.scope === 'agent'),
    '`target` belongs to task and agent',
  );
/** `POST /v1/halts/{halt}/lift`. */
export const liftRequest = z.strictObject({ why });
/** A halt, in force while `lifted` is null. */
export const haltView = z.object({
  halt: haltIdText,
  scope: haltScope,
  tenant: tenantName.nullable(),
  target: z.string().nullable(),
  why: z.string(),
  by: z.string(),
  at: instant,
  lifted: z.object({ by: z.string(), at: instant }).nullable(),
});
/** `GET /v1/halts`: query. */
export const haltQuery = z.strictObject({ state: z.enum(['in-force', 'lifted', 'all']).default('in-force') });
/** `GET /v1/halts`: answer, newest first. */
export const haltPage = z.object({ halts: z.array(haltView) });

export type SubmitRequest = Readonly<z.infer<typeof submitRequest>>;
export type SubmitAnswer = Readonly<z.infer<typeof submitAnswer>>;
export type OperationView = Readonly<z.infer<typeof operationView>>;
export type TaskView = Readonly<z.infer<typeof taskView>>;
export type TaskPage = Readonly<z.infer<typeof taskPage>>;
export type ResultView = Readonly<z.infer<typeof resultView>>;
export type InboxItem = Readonly<z.infer<typeof inboxItem>>;
export type InboxPage = Readonly<z.infer<typeof inboxPage>>;
export type EscalationView = Readonly<z.infer<typeof escalationView>>;
export type DecisionRequest = Readonly<z.infer<typeof decisionRequest>>;
export type DecisionReceipt = Readonly<z.infer<typeof decisionReceipt>>;
export type HaltRequest = Readonly<z.infer<typeof haltRequest>>;
export type HaltView = Readonly<z.infer<typeof haltView>>;
export type HaltPage = Readonly<z.infer<typeof haltPage>>;
