import { z } from 'zod';
import { durationText, parseDuration } from './duration.js';
import { name } from './fields.js';

/** Milliseconds of a second. */
export const SECOND = 1000;
/** Milliseconds of a minute. */
export const MINUTE = 60 * SECOND;
/** Milliseconds of a day. */
export const DAY = 86_400 * SECOND;

/** A strict object whose refusal of an unknown key says which keys there are. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `nothing enforces it; known here: ${known}` : undefined,
  });
}

/** A currency by its code. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD');
/** An amount that is not negative. */
export const minorUnits = z.int().min(0, 'must not be negative');

/** A duration as text, within bounds that its description and the refusal name. */
export function duration(minMs: number, maxMs: number, description: string) {
  const [min, max] = [durationText(minMs), durationText(maxMs)];
  return z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: 'must be a duration such as 30m, 24h or 7d', abort: true })
    .refine((text) => within(parseDuration(text), minMs, maxMs), `must lie between ${min} and ${max}`)
    .describe(`${description} Between ${min} and ${max}.`);
}

function within(ms: number | undefined, minMs: number, maxMs: number): boolean {
  return ms !== undefined && ms >= minMs && ms <= maxMs;
}

/** How many people have to approve. */
export const quorum = z
  .int()
  .min(1)
  .max(5)
  .describe(
    'How many different people must approve, each without seeing the others. The largest of all that apply holds; it adds nobody below approve.',
  );

/** The role that a question goes to. */
export const route = name.describe('The role that is asked; at level notify the one that is told.');
/** The ladder that a question climbs. */
export const ladder = name.describe(
  'One of `ladders`, or the built-in ordinary (7d), sensitive (24h), urgent (30m).',
);
