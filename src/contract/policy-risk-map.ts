import { z } from 'zod';
import { LEVELS } from '../domain/verdict.js';
import { currency, minorUnits, strict } from './policy-fields.js';

/** The classes of impact, from small to great. */
export const IMPACTS = ['minor', 'moderate', 'major', 'severe'] as const;

/** How great the consequences of a call are. */
export type ImpactClass = (typeof IMPACTS)[number];

const count = z.int().min(0, 'must not be negative');

/** From which figures on a call belongs to a class: one of them is enough. */
export const thresholdsEntry = strict({
  money: z
    .record(currency, minorUnits)
    .optional()
    .describe('From so much on, in minor units by currency, in either direction.'),
  rows: count.optional().describe('From so many rows on; 0 is every call.'),
  recipients: count.optional().describe('From so many recipients on.'),
});

/** The level of a class for calls that can be taken back, that hardly can, that cannot. */
export const columnsEntry = strict({
  reversible: z.enum(LEVELS).describe('Tier 1 or 2, or tier 3 with an undo.'),
  hard: z.enum(['notify', 'approve', 'stop']).describe('Tier 3 without undo.'),
  irreversible: z.enum(['approve', 'stop']).describe('Tier 4, with an undo or without.'),
});

const perClass = <Entry extends z.ZodType>(entry: Entry) =>
  strict({
    minor: entry.optional().describe('The smallest class.'),
    moderate: entry.optional().describe('The class above minor.'),
    major: entry.optional().describe('The class above moderate.'),
    severe: entry.optional().describe('The greatest class.'),
  });

/** Impact by reversibility; a further reason, so that it can only tighten. */
export const riskMapEntry = strict({
  impact: perClass(thresholdsEntry).describe(
    'A call has the highest class that it reaches. Money in a currency that no class names, and what the tool cannot tell, count as the highest.',
  ),
  levels: perClass(columnsEntry).describe(
    'What each class of `impact` asks for. A class stands in both sections or in neither.',
  ),
});
