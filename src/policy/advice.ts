import type { Condition } from './compile.js';
import { deadlineFindings } from './deadlines.js';
import type { Draft } from './draft.js';
import { idleRules } from './idle-rules.js';
import type { Finding } from './problem.js';
import { isOwnRule } from './rule-words.js';
import { signOffFindings } from './sign-offs.js';

/** What advice needs beside the file. */
export interface Circumstances {
  /** By the index of their rule. */
  readonly conditions: ReadonlyMap<number, Condition>;
  /** The day, such as 2026-11-21, on which reviews may be overdue; null = not asked. */
  readonly today: string | null;
}

/** What is allowed and probably not meant. */
export function adviceOn(draft: Draft, { conditions, today }: Circumstances): Finding[] {
  return [
    ...unreadSituations(draft),
    ...orphanTools(draft),
    ...namesOfTheGate(draft),
    ...idleRules(draft, conditions),
    ...deadlineFindings(draft),
    ...signOffFindings(draft, today),
  ];
}

function unreadSituations(draft: Draft): Finding[] {
  if ([...draft.rules.values()].some(({ when }) => when?.includes('agent.situations'))) return [];
  return [...draft.agents].flatMap(([name, { situations }]): Finding[] =>
    situations === undefined
      ? []
      : [
          {
            path: ['agents', name, 'situations'],
            what: 'no rule reads agent.situations',
            todo: 'add a rule with when: "!(task.situation in agent.situations)", or remove it',
            warning: true,
          },
        ],
  );
}

function orphanTools(draft: Draft): Finding[] {
  const listed = new Set([...draft.agents.values()].flatMap(({ tools = [] }) => tools));
  return [...draft.tools.keys()]
    .filter((tool) => !listed.has(tool))
    .map((tool) => ({
      path: ['tools', tool],
      what: `no agent lists \`${tool}\``,
      todo: "add it to an agent's tools, or remove it",
      warning: true,
    }));
}

/** Verdicts, briefs and cases name rules by their ids alone: whoever reads one must know whose it is. */
function namesOfTheGate(draft: Draft): Finding[] {
  return [...draft.rules].flatMap(([index, { id }]): Finding[] =>
    id === undefined || !isOwnRule(id)
      ? []
      : [
          {
            path: ['rules', index, 'id'],
            what: `the gate has a rule \`${id}\` of its own`,
            todo: 'give it another name: nobody could tell which of the two asked',
            warning: true,
          },
        ],
  );
}
