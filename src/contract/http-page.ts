import { z } from 'zod';

/** Where a page goes on. */
export const cursor = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/, 'must be the `next` of a page before');
/** What every list's query may hold. */
export const page = {
  cursor: cursor.optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(50),
};
