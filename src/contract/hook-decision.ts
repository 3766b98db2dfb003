import { z } from 'zod';
import { escalationIdText, name } from './fields.js';

/**
 * What `POST /hooks/decisions` takes beside the members of a decision: who sends it, whom the sender says it comes from, and about which
 * question. The sender is who signed; `integration` only says it in words.
 */
export const hookDecision = z.looseObject({
  integration: name,
  subject: z.string().min(1).max(256),
  escalation: escalationIdText,
});
