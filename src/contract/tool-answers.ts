import { z } from 'zod';
import type { Impact } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { wellFormed } from './brief-arguments.js';
import { count, freeText, instant } from './fields.js';
import type { Preview } from './tool-definition.js';

/** A tool may cut within a character. */
const text = z.string().max(20_000).overwrite(wellFormed);

/** An impact as a tool says it. */
export const impactAnswer: z.ZodType<Impact> = z.strictObject({
  money: z.exactOptional(
    z.strictObject({
      minor: z.int(),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters (ISO 4217)'),
    }),
  ),
  payee: z.exactOptional(text),
  rows: z.exactOptional(count),
  recipients: z.exactOptional(z.array(text)),
  environment: z.exactOptional(text),
});

const previewAnswer: z.ZodType<Preview> = z.strictObject({
  diff: z.exactOptional(z.array(z.strictObject({ field: text, before: text, after: text }))),
  evidence: z.exactOptional(z.array(z.strictObject({ what: text, source: text, at: instant }))),
  alternatives: z.exactOptional(z.array(text)),
  unknowns: z.exactOptional(z.array(text)),
});

/** What `impact` said, checked: cents are whole, nothing is misspelt. Throws CountersignError `invalid`; whoever judges takes that as uninspectable. */
export function checkedImpact(tool: string, answer: unknown): Impact {
  const what = `the impact of ${tool}`;
  return checked(what, impactAnswer, atOnce(what, answer));
}

/** An answer that must be there at once. Throws CountersignError `invalid` for a promise, whose own failure is nobody's any more. */
export function atOnce<Answer>(what: string, answer: Answer): Answer {
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw unusable(what, 'it is a promise, and must be there at once');
}

/** What `preview` showed, checked. Throws CountersignError `invalid`. */
export function checkedPreview(tool: string, answer: unknown): Preview {
  return checked(`the preview of ${tool}`, previewAnswer, answer);
}

/** What `fingerprint` gave, checked: a text of 1 to 4096 characters that can be stored. Throws CountersignError `invalid`. */
export function checkedFingerprint(tool: string, answer: unknown): string {
  return checked(`the fingerprint of ${tool}`, freeText(1, 4096), answer);
}

function checked<Answer>(what: string, schema: z.ZodType<Answer>, answer: unknown): Answer {
  if (isOfClass(answer)) throw unusable(what, 'it must be a plain object');
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(what, `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** What zod finds no member in, such as a Map, would pass as an answer that says nothing. */
function isOfClass(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const prototype: unknown = Object.getPrototypeOf(answer);
  return prototype !== Object.prototype && prototype !== null;
}

function unusable(what: string, why: string): CountersignError {
  return new CountersignError('invalid', `${what} is not usable: ${why}`);
}

/** A failure's code is shown in lists and kept in histories; its message goes back to the agent. UTF-16 code units. */
const CODE_MAX = 128;
const MESSAGE_MAX = 4_000;

/** What `run` threw, in texts that can be stored. The call is over, so nothing here may throw. */
export function failureTexts(
  failure: { readonly code: unknown; readonly message: unknown },
  scrub: (text: string) => string,
): { readonly code: string; readonly message: string } {
  return {
    code:
      storable(
        textOf(() => failure.code),
        CODE_MAX,
        scrub,
      ) || 'failed',
    message: storable(
      textOf(() => failure.message),
      MESSAGE_MAX,
      scrub,
    ),
  };
}

/** Scrubbed first: a cut or a replaced character would hide a part of a secret from the scrubber, and leave the rest. */
function storable(text: string, max: number, scrub: (text: string) => string): string {
  return wellFormed(scrub(text).slice(0, max)).replaceAll('\0', '\uFFFD');
}

/** Whatever it is, as text: it may be no text at all, or throw when it is read. Never throws. */
export function textOf(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    return 'unreadable';
  }
}
