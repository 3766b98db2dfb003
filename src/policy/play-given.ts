import { z } from 'zod';
import type { ProposedCall } from '../contract/case-file.js';
import { json } from '../contract/json-field.js';
import type { Fired } from '../domain/verdict.js';
import type { CaseTools } from './case-table.js';
import type { JudgeInput } from './case.js';
import { judge } from './judge.js';
import { judgeInputOf } from './judge-case.js';
import type { Playing } from './play-state.js';

const argsObject = z.record(z.string(), json);

/** A call to play, and what it is judged with. */
export interface GivenPlay extends Pick<Playing, 'policy' | 'clock' | 'review'> {
  readonly call: ProposedCall;
  readonly tools: CaseTools;
  /** Adds what was counted and happened before. Default: what the call itself says. */
  readonly recall?: (input: JudgeInput) => JudgeInput;
}

/** A call made ready to be played: its arguments as the tool reads them, and how to judge it with others. */
export function playingOf({ policy, call, tools, clock, review, recall }: GivenPlay): Playing {
  const tool = tools?.get(call.tool);
  const read = tool?.normaliseArgs(call.args ?? {});
  return {
    policy,
    call,
    args: read !== undefined && 'args' in read ? read.args : (call.args ?? {}),
    tool,
    clock,
    review,
    judgeAs(args, reason) {
      const input = judgeInputOf(policy, { ...call, args: z.parse(argsObject, args) }, tools);
      const also: readonly Fired[] =
        reason === null ? [] : [{ rule: reason, trigger: 'policy', level: 'approve', values: {} }];
      return judge({ ...(recall?.(input) ?? input), also });
    },
  };
}
