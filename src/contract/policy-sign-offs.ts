import { z } from 'zod';
import { toolName } from './fields.js';
import { strict } from './policy-fields.js';

const day = z.iso.date('must be a day such as 2026-11-21');

/** Who signed the policy off, and until when that holds. Checking warns; nothing is refused for it. */
export const signOffEntry = strict({
  role: z.string().min(1).max(100).describe('Such as product, compliance, engineering.'),
  by: z.string().min(1).max(200).describe('The person who did.'),
  on: day.describe('The day it was signed off.'),
  review: day.describe('From this day on it has to be signed off anew.'),
  tools: z
    .array(toolName)
    .optional()
    .describe('The tools that were looked at: any other that the file names is told as not signed off.'),
});
