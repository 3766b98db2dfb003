import type { ToolFacts } from '../../src/domain/action.js';
import { policyText, someFacts } from '../support/policy-case.js';

/** A policy that cannot be used, and everything that is to be said of it. */
export interface Broken {
  readonly name: string;
  readonly text: string;
  /** `LINE PATH | part of what | part of what to do`, in the order of the lines; nothing else may be told. */
  readonly told: readonly string[];
  /** Checked against these too. */
  readonly tools?: readonly ToolFacts[];
}

/** The small policy with another part in the agent's entry (line 5). */
export function agent(part: string): string {
  return policyText().replace('{ owner:', `{ ${part}, owner:`);
}

/** The small policy with these rules (from line 11), named r0, r1 and so on unless they say otherwise. */
export function rules(...parts: string[]): string {
  const lines = parts.map((part, index) => {
    const id = part.includes('id: ') ? '' : `id: r${index}, `;
    const trigger = part.includes('trigger: ') ? '' : 'trigger: policy, ';
    return `  - { ${id}${trigger}${part} }`;
  });
  return policyText(`rules:\n${lines.join('\n')}`);
}

/** The small policy with one ladder (line 11). */
export function ladder(part: string): string {
  return policyText(`ladders:\n  careful: { ${part} }`);
}

/** The small policy with a risk map of these lines (from line 11). */
export function riskMap(...lines: string[]): string {
  return policyText(`risk_map:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** The tools that the small policy lists; `note` can be undone. */
export const TOOLS: readonly ToolFacts[] = [
  someFacts('read'),
  someFacts('note', { hasUndo: true }),
  someFacts('mail'),
  someFacts('refund'),
  someFacts('pay'),
];
