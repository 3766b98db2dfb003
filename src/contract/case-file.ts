import { z } from 'zod';
import { LEVELS } from '../domain/verdict.js';
import { count, freeText, name, reading, toolName } from './fields.js';
import { json } from './json-field.js';
import { strict } from './policy-fields.js';
import { playEntry } from './play-entry.js';
import { alwaysAskName, ladderEntry } from './policy-file.js';
import { impactAnswer } from './tool-answers.js';

const tier = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)], {
  error: 'must be 1, 2, 3 or 4',
});
const moment = z.iso
  .datetime({ error: 'must be a time in UTC such as 2026-11-21T12:00:00Z' })
  .describe('UTC, such as 2026-11-21T12:00:00Z.');

/** What a tool would say of itself, where no tools module is asked; `unknown` = no tool of that name is registered. */
const factsEntry = z.union([
  z.literal('unknown'),
  strict({
    tier,
    categories: z.array(alwaysAskName).optional(),
    undo: z.boolean().optional().describe('Whether it can take a call back.'),
  }),
]);

/** What the policy should say. What is left out is not compared. */
const expectEntry = strict({
  level: z.enum(LEVELS).optional(),
  rules: z.array(z.string().min(1)).optional().describe('Exactly these fire, in any order.'),
  includes: z.array(z.string().min(1)).optional().describe('These fire, others may too.'),
  route: name.optional().describe('The role that is asked first, or at level notify told.'),
  ladder: z.array(name).optional().describe('All roles that are asked, in order.'),
  tier: tier.optional(),
  fallback: ladderEntry.shape.fallback.optional().describe('What silence leads to.'),
});

/** One case: a proposed call with everything that its verdict depends on, and what is expected of it. */
export const caseEntry = strict({
  name: freeText(1, 120).describe('What the case shows, in words; each its own.'),
  agent: name,
  tool: toolName,
  args: z.record(z.string(), json).optional(),
  facts: factsEntry.optional().describe('Without a tools module: what the tool says of itself.'),
  impact: impactAnswer.optional().describe('Without a tools module: what the call would change.'),
  situation: name.optional(),
  requester: name.optional().describe('Who asked for it. Default: requester.'),
  readings: z.record(name, reading).optional(),
  history: strict({
    executed: z.exactOptional(count),
    rejected: z.exactOptional(count),
    failed: z.exactOptional(count),
  })
    .optional()
    .describe('What became of earlier calls of the agent with the tool.'),
  counted: z
    .record(name, z.int().min(0))
    .optional()
    .describe('What each cumulative limit has counted before, by its id.'),
  request: freeText(0, 20_000).optional().describe('What the requester wants, verbatim.'),
  says: freeText(0, 20_000).optional().describe("The agent's own words to the reviewer."),
  question: freeText(1, 2_000).optional().describe('What the agent asks a person.'),
  deadline: moment.optional().describe('When the work should be done.'),
  before: strict({
    unexpected_shape: z.exactOptional(z.boolean()),
    contradictory_state: z.exactOptional(z.boolean()),
    repeated_failure: z.exactOptional(count),
    steps_without_effect: z.exactOptional(count),
    repeated_proposal: z.exactOptional(count),
  })
    .optional()
    .describe('What happened in the task before, as the readings of these names say it.'),
  known: z
    .array(name)
    .optional()
    .describe('Rules of trigger anomaly that people closed as expected for this agent, tool and situation.'),
  at: moment.optional().describe('When it is judged. Default: 2026-01-01T12:00:00Z.'),
  expect: expectEntry,
  plays: z
    .array(playEntry)
    .min(1)
    .max(20)
    .optional()
    .describe('How people may deal with it, and what becomes of it then.'),
});

/** One proposed call with everything that its verdict depends on: a case of which nothing is expected. */
export const proposedCall = caseEntry.omit({ name: true, expect: true, plays: true });

/** One proposed call as somebody writes it down. */
export type ProposedCall = z.infer<typeof proposedCall>;

/** The whole file of cases, as YAML gives it. */
export const caseFile = strict({ cases: z.array(caseEntry).min(1, 'must hold at least one case').max(2000) });

/** One case as written. */
export type PolicyCase = z.infer<typeof caseEntry>;

/** The JSON Schema of the case file, for editors. `schema/cases.schema.json` is a copy of it. */
export function caseJsonSchema(): object {
  return {
    title: 'Countersign policy cases',
    ...z.toJSONSchema(caseFile, { target: 'draft-2020-12', io: 'input' }),
  };
}
