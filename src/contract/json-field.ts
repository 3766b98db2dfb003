import { z } from 'zod';
import type { Json } from '../domain/action.js';

const anything = z.unknown().refine((value) => value !== undefined, 'is required');

/**
 * Any JSON value, taken as it is. The text it came in has been through parseStrictJson, so that nothing is left to check here; zod's own
 * recursive JSON type would walk every value once more.
 */
export const json = anything as unknown as z.ZodType<Json, Json>; // strict parsing came before

/** A JSON object, taken as it is. */
export const jsonObject = json.refine(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
