import type { DecisionRecord } from '../contract/decision-record.js';
import { impactOfCall, type Tool } from '../contract/tool.js';
import type { Impact, Json } from '../domain/action.js';
import type { ReaskReason } from '../domain/escalation.js';
import { quorumOf, type Verdict } from '../domain/verdict.js';

/** What counts of the question that was decided. */
interface Asked {
  readonly rung: number;
  readonly verdict: Pick<Verdict, 'ladder' | 'tier' | 'quorum'>;
}

/** A call by its stored arguments. */
interface HasArgs {
  readonly args: Json;
}

/** What counts of a decision. */
type Word = Pick<DecisionRecord, 'roles' | 'verb' | 'subject' | 'onBehalfOf'>;

/** What the policy in force now says of the call. */
interface Now {
  readonly verdict: Verdict;
  readonly impactRaised: boolean;
  /** Whoever edited the call into what it is now, and in whose stead. */
  readonly editors: readonly string[];
  /** The role that answers for the agent. */
  readonly owner: string;
  /** Whose agent it is; null = nobody is named. */
  readonly ownerSubject: string | null;
}

/**
 * Whether the policy in force now asks for something the decisions do not give: another role; for an edit that goes beyond what was asked (tier
 * 4, a higher tier, more money, rows or recipients) another person than the editor; somebody beside the person whose agent it is; more people. After
 * the last rung the owner's role counts.
 */
export function stricterNow(records: readonly Word[], now: Now, asked: Asked): ReaskReason | undefined {
  const { level, ladder, tier } = now.verdict;
  if (level === 'stop') return 'policy-stricter';
  const approves = records.every(({ verb }) => verb !== 'resolve');
  if (level === 'approve') {
    const roles = ladder.rungs.map((rung) => rung.role);
    if (isOnOwnersDesk(asked)) roles.push(now.owner);
    const mays = records.map((record) => roles.some((role) => record.roles.includes(role)));
    if (mays.includes(false)) return 'policy-stricter';
    const beyond = tier === 4 || tier > asked.verdict.tier || now.impactRaised;
    if (beyond && records.some((record) => isOwnEdit(record, now.editors))) return 'needs-another-subject';
    if (approves && records.every((record) => isFor(record, now.ownerSubject)))
      return 'needs-another-subject';
  }
  const quorum = Math.max(quorumOf(asked.verdict), quorumOf(now.verdict));
  return approves && records.length < quorum ? 'quorum' : undefined;
}

function isOwnEdit(record: Word, editors: readonly string[]): boolean {
  return record.verb === 'edit' || editors.some((editor) => isFor(record, editor));
}

/** Whether this person said it, or somebody in their stead. */
export function isFor({ subject, onBehalfOf }: Word, person: string | null): boolean {
  return subject === person || onBehalfOf === person;
}

/** Whether every rung fell silent: the round was put to the agent's owner, whom the ladder need not name. */
function isOnOwnersDesk({ rung, verdict }: Asked): boolean {
  return rung >= verdict.ladder.rungs.length;
}

/** Whether one version of a call would do more than another: more money (or in another currency or direction), rows or recipients, or to another payee. */
export function impactRaised(call: HasArgs, than: HasArgs, tool: Tool): boolean {
  const [now, before] = [impactOfCall(tool, call.args), impactOfCall(tool, than.args)];
  if (!now || !before) return true;
  const money = (impact: Impact) => impact.money?.minor ?? 0;
  return (
    Math.abs(money(now)) > Math.abs(money(before)) ||
    money(now) * money(before) < 0 ||
    now.money?.currency !== before.money?.currency ||
    now.payee !== before.payee ||
    now.environment !== before.environment ||
    (now.rows ?? 0) > (before.rows ?? 0) ||
    (now.recipients ?? []).some((recipient) => !(before.recipients ?? []).includes(recipient))
  );
}
