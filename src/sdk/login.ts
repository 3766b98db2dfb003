import { z } from 'zod';
import { createSend } from './transport.js';

const login = z.object({ id: z.string(), token: z.string(), subject: z.string(), expiresAt: z.number() });

/** The token behind the code that a browser brought. Throws CountersignError `unauthenticated` for a code that is over. */
export async function fetchLogin(
  url: string,
  proof: { readonly code: string; readonly verifier: string },
): Promise<z.infer<typeof login>> {
  // The code is good for one answer: a second attempt would only hide why the first was lost.
  const send = createSend({ url, token: 'none', retries: 0 });
  return send({ method: 'POST', path: 'sign-in/token', body: proof, answer: login });
}
