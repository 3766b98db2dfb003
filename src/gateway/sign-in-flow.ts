import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { openSecret, sealSecret } from '../contract/seal.js';
import type { Identity } from '../domain/identity.js';
import { activePolicyHash } from '../store/policies.js';
import { isNoAnswer } from './bounded-fetch.js';
import type { GatewayDeps } from './deps.js';
import { CLOCK_SKEW_S, type VerifiedClaims } from './id-token.js';
import { ownOrigin } from './origin.js';
import { beginSession, journalNoRole } from './sign-in.js';
import { faultName } from '../domain/failure-facts.js';

/** So long may somebody take at the identity provider. */
const FLOW_TTL_MS = 10 * 60_000;
/** So many a browser may have begun and not ended: each is a cookie. */
const MOST_FLOWS = 4;
/** Where the identity provider sends people back to; registered there with the public address before it. */
export const CALLBACK = '/sign-in/callback';

const flowBody = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  goOn: z.string(),
  stepUp: z.boolean(),
  begunAt: z.number(),
});
type Flow = z.infer<typeof flowBody>;

type SignIn = NonNullable<GatewayDeps['signIn']>;

/** Begins a sign-in: what its answer must fit goes, sealed, into a cookie of this browser. Gives where to send it. Throws NoAnswer. */
export async function beginFlow(
  deps: GatewayDeps,
  c: Context,
  { provider, tenant }: SignIn,
  wanted: { readonly goOn: string; readonly stepUp: boolean },
): Promise<URL> {
  const secret = () => randomBytes(32).toString('base64url');
  const begunAt = await deps.database.now();
  const flow: Flow = { state: secret(), nonce: secret(), verifier: secret(), ...wanted, begunAt };
  const roster = wanted.stepUp ? await activeRoster(deps, tenant) : undefined;
  const again = wanted.stepUp ? { acr: roster?.stepUp?.acr ?? null } : null;
  const to = await provider.begin({ ...flow, redirectUri: callbackOf(deps, c) }, again);
  const sealed = sealSecret(deps.secrets, { tenant, reference: 'sign-in-flow' }, JSON.stringify(flow));
  for (const name of flowsOf(deps, c).slice(0, 1 - MOST_FLOWS)) writeFlow(deps, c, name, '');
  writeFlow(deps, c, `${flowCookie(deps, c).name}${flow.state}`, sealed);
  return to;
}

/** How a sign-in ended. */
export type FlowEnd =
  | { readonly kind: 'signed-in'; readonly session: string; readonly goOn: string }
  /** It did not begin here, or too long ago, or has ended already. */
  | { readonly kind: 'over' }
  | { readonly kind: 'no-answer' }
  /** Whatever was wrong: whoever tries is told nothing of it. */
  | { readonly kind: 'untrusted' }
  /** Signed in there, but the policy means nobody of the kind. */
  | { readonly kind: 'no-role'; readonly who: Identity };

/** Ends the sign-in that this browser began, once. What nobody vouches for is logged and kept nowhere: anybody can send it. */
export async function endFlow(deps: GatewayDeps, c: Context, signIn: SignIn): Promise<FlowEnd> {
  const { provider } = signIn;
  const now = await deps.database.now();
  const name = `${flowCookie(deps, c).name}${c.req.query('state') ?? ''}`;
  const flow = flowsOf(deps, c).includes(name) ? readFlow(deps, c, signIn, name) : undefined;
  if (flow) writeFlow(deps, c, name, '');
  if (flow === undefined || now - flow.begunAt > FLOW_TTL_MS) {
    deps.log('warn', 'sign-in-refused', { reason: 'over' });
    return { kind: 'over' };
  }
  const { search } = new URL(c.req.url);
  const redirectUri = callbackOf(deps, c);
  let claims: VerifiedClaims;
  try {
    claims = await provider.finish({ ...flow, redirectUri }, new URL(`${redirectUri}${search}`));
    requireFresh(claims, flow, now);
  } catch (error) {
    const kind = isNoAnswer(error) ? 'no-answer' : 'untrusted';
    deps.log('warn', 'sign-in-refused', { reason: kind, error: faultName(error) });
    return { kind };
  }
  return admit(deps, signIn, claims, flow.goOn);
}

/** Only now is it known who it is; the policy in force says who that is here. */
async function admit(
  deps: GatewayDeps,
  { provider, tenant }: SignIn,
  claims: VerifiedClaims,
  goOn: string,
): Promise<FlowEnd> {
  const policy = (await activePolicyHash(deps.database, tenant)) ?? null;
  const roster = await deps.policies.roster(deps.database, policy, tenant);
  const who = roster?.identityOf(provider.issuer, claims);
  if (who === undefined || roster?.knows(who) !== true) {
    const nobody = who ?? { subject: claims.sub, issuer: provider.issuer, claims: null };
    deps.log('warn', 'sign-in-refused', { reason: 'no-role' });
    await journalNoRole(deps, tenant, { issuer: nobody.issuer, subject: nobody.subject, policy });
    return { kind: 'no-role', who: nobody };
  }
  const { auth_time: at, acr } = claims;
  const authTime = typeof at === 'number' ? at * 1000 : null;
  const session = await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const proof = { authTime, acr: typeof acr === 'string' ? acr.slice(0, 200) : null };
    return beginSession(tx, { tenant, ...who, ...proof, now }, 'oidc');
  });
  return { kind: 'signed-in', session, goOn };
}

/** A provider that was told to ask again has to say that it did, and never that it will have. */
function requireFresh({ auth_time: at }: VerifiedClaims, flow: Flow, now: number): void {
  const skewMs = CLOCK_SKEW_S * 1000;
  const told = typeof at === 'number' ? at * 1000 : null;
  if (at !== undefined && (told === null || told > now + skewMs)) throw new Error('auth_time is no time');
  if (flow.stepUp && (told === null || told < flow.begunAt - skewMs))
    throw new Error('the identity provider did not ask again');
}

async function activeRoster(deps: GatewayDeps, tenant: SignIn['tenant']) {
  return deps.policies.roster(deps.database, (await activePolicyHash(deps.database, tenant)) ?? null, tenant);
}

function callbackOf(deps: GatewayDeps, c: Context): string {
  return `${ownOrigin(deps, c)}${CALLBACK}`;
}

/** Lax: the provider sends the browser back from another site. */
function writeFlow(deps: GatewayDeps, c: Context, name: string, value: string): void {
  const { secure } = flowCookie(deps, c);
  const maxAge = value === '' ? 0 : FLOW_TTL_MS / 1000;
  setCookie(c, name, value, { path: '/', secure, httpOnly: true, sameSite: 'Lax', maxAge });
}

/** The cookies of the sign-ins that this browser has begun, the oldest first. */
function flowsOf(deps: GatewayDeps, c: Context): readonly string[] {
  const { name } = flowCookie(deps, c);
  return Object.keys(getCookie(c)).filter((one) => one.startsWith(name));
}

function readFlow(deps: GatewayDeps, c: Context, { tenant }: SignIn, name: string): Flow | undefined {
  const sealed = getCookie(c, name) ?? '';
  try {
    const text = openSecret(deps.secrets, { tenant, reference: 'sign-in-flow' }, sealed);
    return flowBody.parse(JSON.parse(text));
  } catch {
    return undefined; // not of this installation, or altered: as good as none
  }
}

/** Its name goes on with the `state` of the sign-in, so that each tab has its own. */
function flowCookie(deps: GatewayDeps, c: Context): { readonly name: string; readonly secure: boolean } {
  const secure = ownOrigin(deps, c).startsWith('https:');
  return { name: secure ? '__Host-countersign-flow-' : 'countersign-flow-', secure };
}
