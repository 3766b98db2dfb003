import { z } from 'zod';

/** What a mail provider's adapter says to `POST /hooks/mail`: a mail that a server had taken came back. */
export const mailEvent = z.strictObject({
  type: z.literal('bounced'),
  /** The mail's `Message-ID`, with or without angle brackets. */
  messageId: z.string().min(1).max(998),
});
