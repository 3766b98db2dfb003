import { soundClaims } from '../contract/readings.js';
import type { CelFacts, CelInt } from './compile.js';
import type { JudgeInput } from './case.js';
import { isTooLarge } from './normalise.js';
import { ownerRoleOf } from './roster.js';

/**
 * What rules can see of a case. A claimed reading that is not what its name stands for counts as missing; an impact that the tool does not
 * state is empty, and one that it could not state is missing, so that every rule which reads it errs and thereby asks. So are arguments and
 * recipients that are too many to look through: padding must not hide what a rule looks for, nor hold up the gate.
 */
export function celFactsOf({
  policy,
  action,
  facts,
  unreadable,
  detected,
  task,
  history,
}: JudgeInput): CelFacts {
  const agent = policy.agents.get(task.agent);
  const { money, rows, recipients, payee, environment } = action.impact;
  return {
    task: { id: task.task, tenant: task.tenant, requester: task.requester, situation: task.situation ?? '' },
    agent: {
      name: task.agent,
      owner: ownerRoleOf(policy, task.agent),
      tools: [...(agent?.tools ?? [])],
      situations: agent?.situations ?? [],
    },
    action: {
      ...(action.args === null || isTooLarge(action.args) ? {} : { args: action.args }),
      tool: action.tool,
      tier: BigInt(facts?.tier ?? 4),
      ...(unreadable === true
        ? {}
        : {
            money: { minor: celInt(money?.minor ?? 0), currency: money?.currency ?? '' },
            rows: celInt(rows ?? 0),
            ...(isTooLarge(recipients ?? []) ? {} : { recipients: recipients ?? [] }),
            payee: payee ?? '',
            environment: environment ?? '',
          }),
      categories: [...(facts?.categories ?? []), ...(policy.tools.get(action.tool)?.categories ?? [])],
    },
    readings: { ...soundClaims(action.readings), ...detected },
    history: {
      executed: celInt(history.executed),
      rejected: celInt(history.rejected),
      failed: celInt(history.failed),
    },
  };
}

function celInt(value: number): CelInt {
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}
