import { z } from 'zod';
import { duration, DAY, MINUTE, strict } from './policy-fields.js';

const issuer = z
  .string()
  .regex(
    /^https?:\/\/[\x21-\x7e]{1,240}$/,
    'must be the address of an identity provider, such as https://id.example.com',
  )
  .describe('The identity provider, exactly as its tokens write it (`iss`).');

/** What people can change of themselves, or what passes on to somebody else (OIDC Core, section 5.7): no ground for a role. */
const UNSTABLE = [
  'email',
  'preferred_username',
  'nickname',
  'name',
  'given_name',
  'family_name',
  'phone_number',
];

/** Who somebody is at the identity provider. */
export const personEntry = strict({
  issuer,
  sub: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .describe("The person's `sub` there: it stays when name and mail address change."),
});

/** A role by what the identity provider says of somebody. */
export const claimEntry = strict({
  issuer,
  claim: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be the name of a claim, such as groups')
    .refine((claim) => !UNSTABLE.includes(claim), 'must not be a claim that people change themselves')
    .describe('The claim of the ID token, a text or a list of texts, such as groups.'),
  value: z.string().min(1).max(200).describe('The text, or one of the list; compared exactly.'),
});

/** Which decisions ask for a fresh proof of who decides. */
export const stepUpEntry = strict({
  tier: z.int().min(1).max(4).describe('From this tier on.'),
  within: duration(MINUTE, DAY, 'How long ago the person signed in, at most.'),
  acr: z
    .array(z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be an `acr` of the identity provider'))
    .min(1)
    .max(10)
    .optional()
    .describe('How they have to have signed in, as the identity provider names it (`acr`): one of these.'),
});
