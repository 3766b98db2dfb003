import type { ReaskReason } from '../domain/escalation.js';
import type { DecisionId, TenantId } from '../domain/ids.js';
import { asksFirst, type Verdict } from '../domain/verdict.js';
import type { DecisionRecord } from '../contract/decision-record.js';
import type { Tool } from '../contract/tool.js';
import { asNamed, personOf } from '../policy/people.js';
import type { Policy } from '../policy/policy.js';
import { ownerRoleOf, ownerSubjectOf } from '../policy/roster.js';
import { impactRaised, isFor, stricterNow } from '../policy/stricter.js';
import type { Transaction } from '../store/database.js';
import { editorsOf, findDecision, type DecisionRow } from '../store/decisions.js';
import type { LedgerRow } from '../store/ledger.js';
import { findQuestion, findQuestionAnswered, latestRound, type QuestionRow } from '../store/questions.js';
import type { TaskRow } from '../store/tasks.js';
import type { ExecuteInput } from './api.js';
import { checkBinding, checkGrant, isWholeWord } from './grant.js';
import type { ActivityDeps } from './ports.js';
import { digestOf } from './prepare.js';
import { areSeveral } from './votes.js';

/** Thrown inside the transaction to undo what a claim had reserved before it was refused. */
export class Refused extends Error {
  readonly reason: ReaskReason;
  constructor(reason: ReaskReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Somebody forged a decision, or changed a call after it was decided: a person must look. */
export function tellOperator(
  deps: ActivityDeps,
  { task, operation }: ExecuteInput,
  reason: ReaskReason,
): void {
  if (reason !== 'unverified' && reason !== 'digest-changed') return;
  deps.log('error', 'claim-refused', { task, operation, reason });
}

/** The decisions that are to let the call run: those the workflow took, or the one that says it did not happen and may run. */
export function lettingDecisions(input: ExecuteInput): readonly DecisionId[] {
  return input.resolution?.as === 'not-happened' ? [input.resolution.decision] : input.decisions;
}

/** What the store holds of the decisions that are to let a call run: only found here, checked by `granted`. */
export interface Evidence {
  readonly decisions: readonly DecisionRow[];
  /** The round they answered. */
  readonly question: QuestionRow;
  /** Who made this generation by editing, and in whose stead. */
  readonly editors: readonly string[];
}

/** What is to let a call run: decisions, or the record that the policy alone did. */
export interface Grounds {
  readonly evidence: Evidence | undefined;
  readonly permitted: QuestionRow | undefined;
  /** Whether people were asked about the call in a later round than this one: then nothing but their word there lets it run. */
  readonly askedLater: boolean;
}

/** Looks for what is to let the call run. */
export async function groundsFor(tx: Transaction, input: ExecuteInput): Promise<Grounds> {
  const ids = lettingDecisions(input);
  const [first] = ids;
  if (first === undefined) {
    const [permitted, latest] = await Promise.all([findQuestion(tx, input), latestRound(tx, input)]);
    return { evidence: undefined, permitted, askedLater: latest > input.round };
  }
  const [decisions, question, editors, latest] = await Promise.all([
    decisionsNamed(tx, input.tenant, ids),
    findQuestionAnswered(tx, input, first),
    editorsOf(tx, input),
    latestRound(tx, input),
  ]);
  const evidence = decisions && question && { decisions, question, editors };
  return { evidence, permitted: undefined, askedLater: latest > (question ?? input).round };
}

/** Undefined unless every one of them is there. */
async function decisionsNamed(
  tx: Transaction,
  tenant: TenantId,
  ids: readonly DecisionId[],
): Promise<readonly DecisionRow[] | undefined> {
  const found = await Promise.all(ids.slice(0, MOST).map((id) => findDecision(tx, tenant, id)));
  const rows = found.flatMap((row) => row ?? []);
  return rows.length === ids.length ? rows : undefined;
}

/** More than any policy asks for is nothing that the run put together. */
const MOST = 5;

/** Everything read for a claim so far. */
export interface Granting extends Grounds {
  readonly input: ExecuteInput;
  readonly task: TaskRow;
  readonly call: LedgerRow;
  /** All generations of the operation. */
  readonly rows: readonly LedgerRow[];
  readonly tool: Tool;
  /** In force now. */
  readonly policy: Policy;
  readonly verdict: Verdict;
  readonly lastLiftAt: number;
  readonly now: number;
}

/** What lets a call run. */
export interface Grant {
  /** The first of the decisions; undefined when the policy alone lets it run. */
  readonly record?: DecisionRecord;
  /** The round that was asked and answered. */
  readonly question?: QuestionRow | undefined;
}

/** What lets the call run. Throws Refused when nothing does. */
export function granted(deps: ActivityDeps, granting: Granting): Grant {
  const { input, task, call, tool, policy, verdict, evidence, permitted, askedLater, lastLiftAt, now } =
    granting;
  if (lettingDecisions(input).length === 0) {
    // Perhaps they said no: a run that was reset, or an attempt that comes late, stands where nobody had been asked.
    if (askedLater) throw new Refused('policy-stricter');
    if (asksFirst(verdict.level))
      throw new Refused(
        verdict.fired.some((fired) => fired.rule.startsWith('limit:')) ? 'limit' : 'policy-stricter',
      );
    // It became soft since it was judged: nothing was made ready to have it confirmed.
    if (verdict.level === 'soft' && !isSoft(permitted)) throw new Refused('policy-stricter');
    // What is confirmed must be what runs.
    if (isSoft(permitted) && !isAsShown(call, tool, permitted)) throw new Refused('digest-changed');
    return { question: permitted };
  }
  if (!evidence) throw new Refused('unverified');
  const { decisions, question } = evidence;
  const digest = digestOf(call, tool, question.policyHash);
  const held = { question, call, digest, askedLater, lastLiftAt, now };
  const records = decisions.map((decision) => {
    const checked = checkGrant({ ...held, decision, validityMs: verdict.validityMs }, deps.verifier);
    if ('refused' in checked) throw new Refused(checked.refused);
    return checked.record;
  });
  const [record] = records;
  if (!record || !isWholeWord(records, question)) throw new Refused('unverified');
  const person = (subject: string) => personOf(policy, subject);
  const words = records.map((each) => asNamed(policy, each));
  if (words.some((word) => isFor(word, person(task.requester)))) throw new Refused('needs-another-subject');
  // Two when they were counted, and one person since the policy binds them.
  if (!areSeveral(words)) throw new Refused('quorum');
  // What was asked may be an edit itself, to less than was proposed first.
  const earlier = granting.rows.filter(({ generation }) => generation < call.generation);
  const raised = earlier.some((version) => impactRaised(call, version, tool));
  const owner = ownerRoleOf(policy, task.agent);
  const ownerSubject = ownerSubjectOf(policy, task.agent);
  const editors = evidence.editors.map(person);
  const inForce = { verdict, impactRaised: raised, editors, owner, ownerSubject };
  const stricter = stricterNow(words, inForce, question);
  if (stricter) throw new Refused(stricter);
  return { record, question };
}

/**
 * What a repeat of a claimed call runs on: the grant of its first claim, as long as that is about exactly what ledger and tool say now.
 * Undefined = it is not, and nobody knows what the first attempt did.
 */
export async function grantedBefore(
  tx: Transaction,
  deps: ActivityDeps,
  { input, task, call, tool, verdict }: Pick<Granting, 'input' | 'task' | 'call' | 'tool' | 'verdict'>,
): Promise<Grant | undefined> {
  const letting = lettingDecisions(input);
  const ids = letting.length > 0 ? letting : (call.decisions as readonly DecisionId[]); // only used to find rows
  const [first] = ids;
  if (first === undefined) {
    if (asksBeyondLimits(verdict)) return undefined;
    const permitted = await findQuestion(tx, input);
    return isSoft(permitted) && !isAsShown(call, tool, permitted) ? undefined : { question: permitted };
  }
  const [decisions, question] = await Promise.all([
    decisionsNamed(tx, task.tenant, ids),
    findQuestionAnswered(tx, input, first),
  ]);
  if (!decisions || !question) return undefined;
  const digest = digestOf(call, tool, question.policyHash);
  for (const decision of decisions) {
    const checked = checkBinding({ decision, question, call, digest }, deps.verifier);
    if ('record' in checked) continue;
    tellOperator(deps, input, checked.refused);
    return undefined;
  }
  return { question };
}

/** For a call that fails without being made: only who could let it run may have it fail. Throws Refused when that is nobody. */
export function refuseForged(
  deps: ActivityDeps,
  { input, call, evidence }: Pick<Granting, 'input' | 'call' | 'evidence'>,
): void {
  if (lettingDecisions(input).length === 0) return;
  if (!evidence) throw new Refused('unverified');
  const digest = digestOf(call, undefined, evidence.question.policyHash);
  for (const decision of evidence.decisions) {
    const checked = checkBinding({ ...evidence, decision, call, digest }, deps.verifier);
    if ('refused' in checked && checked.refused !== 'digest-changed') throw new Refused(checked.refused);
  }
}

/** Whether a call was let run to be confirmed afterwards. */
export function isSoft(question: QuestionRow | undefined): question is QuestionRow {
  return question?.status === 'permitted' && question.verdict.level === 'soft';
}

/** Whether a call is the one whose brief was made before it ran. */
function isAsShown(call: LedgerRow, tool: Tool, { digest, policyHash }: QuestionRow): boolean {
  return digestOf(call, tool, policyHash) === digest;
}

/** The counters hold the first attempt's own share, so a limit says nothing about its repeat. */
function asksBeyondLimits({ fired }: Verdict): boolean {
  return fired.some(({ level, rule }) => asksFirst(level) && !rule.startsWith('limit:'));
}
