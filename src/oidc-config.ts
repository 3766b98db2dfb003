import { z } from 'zod';
import { isLoopback } from './contract/loopback.js';
import { file } from './setting-shapes.js';

/** The settings of the identity provider, with what to do about each. */
export const oidcSettings = {
  COUNTERSIGN_OIDC_ISSUER: {
    schema: z
      .url({ protocol: /^https?$/, error: 'not an https:// URL' })
      .refine(isSafe, 'not https://, which only an issuer on the loopback address can do without')
      .refine((text) => !/[?#]/.test(text), 'not a URL without query and fragment'),
    todo: 'Set it to the issuer of the identity provider, such as https://id.example.com, exactly as its tokens write it.',
  },
  COUNTERSIGN_OIDC_CLIENT_ID: {
    schema: z.string().regex(/^[\x21-\x7e]{1,255}$/, 'not 1 to 255 visible ASCII characters'),
    todo: 'Set it to the client id that the identity provider gave this gateway.',
  },
  COUNTERSIGN_OIDC_CLIENT_SECRET_FILE: {
    schema: file,
    todo: 'Set it to the file that holds the client secret and nothing else, or leave it out for a client without one.',
  },
  COUNTERSIGN_OIDC_TENANT: {
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/, 'not the name of a tenant'),
    todo: 'Set it to the tenant whose people sign in there; default default.',
  },
  COUNTERSIGN_OIDC_SCOPE: {
    schema: z.string().regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'not a list that begins with openid'),
    todo: 'Set it to what is asked for, such as "openid groups"; default openid.',
  },
} as const;

/** Their names. */
export const OIDC = [
  'COUNTERSIGN_OIDC_ISSUER',
  'COUNTERSIGN_OIDC_CLIENT_ID',
  'COUNTERSIGN_OIDC_CLIENT_SECRET_FILE',
  'COUNTERSIGN_OIDC_TENANT',
  'COUNTERSIGN_OIDC_SCOPE',
] as const satisfies readonly (keyof typeof oidcSettings)[];

/** What must be there as soon as one of them is: the answer of the provider goes to the public address alone. */
export const OIDC_NEEDS = [
  'COUNTERSIGN_OIDC_ISSUER',
  'COUNTERSIGN_OIDC_CLIENT_ID',
  'COUNTERSIGN_PUBLIC_URL',
] as const;

/** Where people sign in, and which tenant is theirs. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a client without a secret: PKCE alone. */
  readonly secretFile: string | undefined;
  readonly tenant: string;
  readonly scope: string;
}

type Values = { readonly [Name in (typeof OIDC)[number]]?: string | undefined };

/** The provider of checked settings; undefined when none is named. */
export function readOidc(values: Values): OidcConfig | undefined {
  const { COUNTERSIGN_OIDC_ISSUER: issuer, COUNTERSIGN_OIDC_CLIENT_ID: clientId } = values;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    secretFile: values.COUNTERSIGN_OIDC_CLIENT_SECRET_FILE,
    tenant: values.COUNTERSIGN_OIDC_TENANT ?? 'default',
    scope: values.COUNTERSIGN_OIDC_SCOPE ?? 'openid',
  };
}

/** Keys and tokens travel between the two: in the clear only inside this machine. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return true; // told already
  const url = new URL(text);
  return url.protocol === 'https:' || isLoopback(url);
}
