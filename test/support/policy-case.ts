import { NOTHING_DETECTED, type Detected } from '../../src/contract/readings.js';
import type { Action, ToolFacts } from '../../src/domain/action.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import type { JudgeInput } from '../../src/policy/case.js';
import { loadPolicy } from '../../src/policy/load.js';
import type { Policy } from '../../src/policy/policy.js';

/** A small support policy; `more` is added at the end, at the top level or, with two spaces, into the last section (`roles`). */
export function policyText(more = ''): string {
  return `
version: "1"
owner: support-platform
agents:
  support: { owner: director, tools: [read, note, mail, refund, pay], situations: [refund] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  finance: { members: [ines, karl], backup: director }
  director: { members: [ruth, tomas] }
${more}`;
}

/** The policy of a text; throws with all problems when there are any. */
export function aPolicy(text = policyText()): Policy {
  const loaded = loadPolicy(text);
  if ('policy' in loaded) return loaded.policy;
  throw new Error(loaded.problems.map(({ line, path, what }) => `${line} ${path}: ${what}`).join('\n'));
}

const TIERS = { read: 1, note: 2, mail: 3, refund: 4, pay: 2 } as const;

/** A tool's facts; `read` is tier 1, `note` and `pay` 2, `mail` 3, `refund` 4. */
export function someFacts(name: keyof typeof TIERS, over: Partial<ToolFacts> = {}): ToolFacts {
  return { name, version: '1', tier: TIERS[name], categories: [], hasUndo: false, ...over };
}

/** A case of the policy above: the tier 1 tool `read` unless told otherwise. */
export function aCase(
  over: Partial<Omit<JudgeInput, 'action' | 'detected'>> & {
    tool?: keyof typeof TIERS;
    action?: Partial<Action>;
    detected?: Partial<Detected>;
  } = {},
): JudgeInput {
  const { tool = 'read', action, detected, ...rest } = over;
  return {
    policy: aPolicy(),
    facts: someFacts(tool),
    task: {
      tenant: 'acme' as TenantId,
      task: 't1' as TaskId,
      agent: 'support',
      requester: 'cora',
      situation: 'refund',
    },
    counters: {},
    history: { executed: 0, rejected: 0, failed: 0 },
    now: Date.UTC(2026, 10, 21, 12),
    ...rest,
    detected: { ...NOTHING_DETECTED, ...detected },
    action: { tool, args: {}, impact: {}, readings: {}, ...action },
  };
}
