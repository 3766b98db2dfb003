import type { Context } from 'hono';
import { isLoopback } from '../contract/loopback.js';
import { CountersignError } from '../domain/errors.js';
import type { GatewayDeps } from './deps.js';

/**
 * The origin of the pages: COUNTERSIGN_PUBLIC_URL, else the loopback address that was asked. Throws `config` for any other name without
 * that setting: whoever makes a name point here would otherwise choose what counts as our own origin (DNS rebinding).
 */
export function ownOrigin(deps: Pick<GatewayDeps, 'publicUrl'>, c: Context): string {
  if (deps.publicUrl !== undefined) return deps.publicUrl;
  const asked = new URL(c.req.url);
  if (isLoopback(asked)) return asked.origin;
  throw new CountersignError(
    'config',
    'This gateway does not know the address at which people reach it: its operator has to set COUNTERSIGN_PUBLIC_URL.',
  );
}

/**
 * A path of ours to go on to after signing in, or `/` for anything else: never another site's, whatever form it is written in
 * (`//host`, `/\host`, `https:`), and never signing in again.
 */
export function localPath(then: string | undefined): string {
  if (then === undefined || then.length > 512 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(then)) return '/';
  const base = 'http://local.invalid';
  if (!URL.canParse(then, base)) return '/';
  const { origin, pathname, search } = new URL(then, base);
  const ours =
    origin === base && !pathname.startsWith('//') && !/^\/(sign-in|sign-out|v1)(\/|$)/.test(pathname);
  return ours ? `${pathname}${search}` : '/';
}
