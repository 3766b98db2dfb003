import { z } from 'zod';
import { VERBS } from '../domain/decision.js';
import { parseDuration } from './duration.js';
import { freeText, name } from './fields.js';
import { decisionRequest } from './http.js';
import { json, jsonObject } from './json-field.js';
import { strict } from './policy-fields.js';

const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s, 15m, 24h or 7d');

/** What became of a played call: `unanswered` = the policy's fallback applies; `unknown` = nobody knows whether it happened. */
export const PLAY_OUTCOMES = [
  'executed',
  'rejected',
  'answered',
  'taken-over',
  'undone',
  'unanswered',
  'failed',
  'unknown',
] as const;

/** What one person says to a question; the members beside the verb are those of the HTTP API. */
export const answerEntry = strict({
  by: name,
  verb: z.enum(VERBS),
  why: z.exactOptional(freeText(1, 2000)),
  after: z.exactOptional(duration).describe('How long they took; past the deadline it counts as silence.'),
  edits: z.exactOptional(jsonObject).describe('For edit: the whole new arguments.'),
  later: z
    .exactOptional(duration)
    .describe('For extend and hold: by how much. A hold without it moves it as far as the policy lets.'),
  answer: decisionRequest.shape.answer.describe('For respond: what the agent is told.'),
  outcome: z.exactOptional(json).describe('For take-over: the result of the work.'),
  resolution: decisionRequest.shape.resolution.describe('For resolve: what became of the call.'),
  result: z.exactOptional(json).describe('For resolve as happened: what the call gave.'),
});

/** What a person says to a question, as a table or a test writes it. */
export type AnswerEntry = Readonly<z.infer<typeof answerEntry>>;

/** One way in which people may deal with a case, and what becomes of it. No tool is called. */
export const playEntry = strict({
  said: z
    .array(answerEntry.nullable())
    .max(20)
    .describe(
      'What is said to each question in turn (null = nothing), then silence. A withdraw after an approval comes before the call.',
    ),
  lost: z
    .exactOptional(z.boolean())
    .describe('Nobody knows what became of the first call: somebody has to resolve it.'),
  expect: strict({
    outcome: z.exactOptional(z.enum(PLAY_OUTCOMES)),
    ran: z.exactOptional(jsonObject).describe('The arguments it ran with last.'),
    result: z.exactOptional(json).describe('What the task was given as result.'),
    told: z.exactOptional(z.string()).describe('What the agent is told in the place of a result.'),
    asked: z.exactOptional(z.array(name)).describe('All roles that were asked, in order.'),
    later: z.exactOptional(duration).describe('By how much deadlines were moved, in all.'),
    refused: z.exactOptional(z.array(z.string().min(1))).describe('The codes of what the gate did not take.'),
  }),
});

/** One row of `plays`. */
export type PlayEntry = Readonly<z.infer<typeof playEntry>>;
