import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback } from './contract/loopback.js';

/** The path of a file that can be read now. */
export const file = z.string().transform((path, context) => {
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory())
      context.addIssue({ code: 'custom', message: `"${path}" is a folder, not a file` });
  } catch {
    context.addIssue({ code: 'custom', message: `no readable file at "${path}"` });
  }
  return resolve(path);
});
/** The address of a database. */
export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'not a postgres:// URL' });
/** A web address. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http:// or https:// URL' });
/** The origin of pages: a scheme, a host and perhaps a port, nothing behind them. Off this machine browsers do not say over http whence a form comes. */
export const origin = httpUrl
  .refine(
    (text) => URL.canParse(text) && [text, `${text}/`].includes(`${new URL(text).origin}/`),
    'not an origin, scheme://host[:port]',
  )
  .refine(
    (text) => !URL.canParse(text) || new URL(text).protocol === 'https:' || isLoopback(new URL(text)),
    'http:// on another machine: no browser can send forms there, so it has to be https://',
  )
  .transform((text) => new URL(text).origin);
function hasCredentials(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}

/** The address of a gateway, which is asked with a token and nothing else; fetch refuses a URL that names a user. */
export const gatewayAddress = httpUrl.refine(
  (text) => !URL.canParse(text) || !hasCredentials(text),
  'not an http:// or https:// URL without user and password',
);
/** The address of a model; it holds no credentials. */
export const modelUrl = httpUrl.refine(
  (text) => URL.canParse(text) && !/[?#]/.test(text) && !hasCredentials(text),
  'not an http:// or https:// URL without user, query and fragment',
);
/** The address of a mail server. */
export const smtpUrl = z.url({ protocol: /^smtps?$/, error: 'not an smtp:// or smtps:// URL' });
/** A port to listen on; 0 = any. */
export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'not a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'not a port number');
