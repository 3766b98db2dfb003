import { isTyped, nameToType } from '../../contract/confirmation.js';
import { decisionRequest, type DecisionRequest, type EscalationView } from '../../contract/http.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import type { Json } from '../../domain/action.js';
import { CountersignError } from '../../domain/errors.js';
import { fit } from '../request.js';
import { foldedIn } from './review-page.js';

/** The fields of a posted form. */
export type Fields = ReadonlyMap<string, string>;

/**
 * The decision that a form of ours means, by the same schema as every other way to decide. `outcome` is the result that a take-over records.
 * Throws `invalid` with the places.
 */
export function decisionFrom(fields: Fields, outcome: Json | undefined): DecisionRequest {
  const decision = fields.get('decision');
  const edits = fields.get('edits');
  const until = fields.get('until') ?? '';
  const said = {
    answer: fields.get('answer'),
    resolution: fields.get('resolution'),
    result: resultIn(fields),
  };
  const body = {
    decision,
    why: fields.get('why') ?? '',
    ...reasonIn(fields),
    digest: fields.get('digest'),
    version: Number(fields.get('version')),
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    ...(edits === undefined ? {} : { edits: strictly(edits) }),
    ...(until === '' ? {} : { until: timeIn(until) }),
    ...(outcome === undefined ? {} : { outcome }),
  };
  return fit(decisionRequest, body as unknown as Json, 'invalid', 'The form does not fit: see below.'); // JSON by construction
}

/** The page always asks for the code; other ways to reject may do without. */
function reasonIn(fields: Fields): { reason?: string } {
  const reason = fields.get('reason') ?? '';
  if (fields.get('decision') !== 'reject') return {};
  if (reason !== '') return { reason };
  throw new CountersignError('invalid', 'Choose why you reject it: the agent is told. Nothing was decided.');
}

function resultIn(fields: Fields): Json | undefined {
  const text = fields.get('result');
  return text === undefined || fields.get('resolution') !== 'happened' ? undefined : jsonOrText(text);
}

/** JSON where it is some, else the text itself. */
export function jsonOrText(text: string): Json {
  const json = parseStrictJson(text);
  return 'value' in json ? json.value : text;
}

function strictly(text: string): Json {
  const json = parseStrictJson(text);
  if ('value' in json) return json.value;
  throw new CountersignError('invalid', 'The changed arguments are not JSON: open the form again.');
}

/** A date and time of a form, which has no zone: UTC, as its label says. Throws `invalid`. */
export function timeIn(text: string): number {
  const at = Date.parse(`${text}Z`);
  if (Number.isNaN(at))
    throw new CountersignError('invalid', 'A time in this form is no date and time in UTC.');
  return at;
}

/**
 * What cannot be undone is let happen by whoever typed its name and had every argument open. Throws `invalid`. A form about another version
 * is stale, and refused as that.
 */
export async function requireMeant(
  fields: Fields,
  body: DecisionRequest,
  look: () => Promise<EscalationView>,
): Promise<void> {
  if (body.decision !== 'approve' && body.decision !== 'edit') return;
  const { brief, digest, version } = await look();
  const name = nameToType(body.decision, brief);
  if (name === null || body.digest !== digest || body.version !== version) return;
  if (body.decision === 'approve' && foldedIn(brief) > 0 && fields.get('opened') !== String(foldedIn(brief)))
    throw new CountersignError(
      'invalid',
      'Some arguments are folded: open all of them, then decide. Nothing was decided.',
    );
  if (!isTyped(name, fields.get('confirm')))
    throw new CountersignError(
      'invalid',
      `This cannot be undone: type ${name} to show that it is meant. Nothing was decided.`,
    );
}

/** Of the form as it was shown: a second click, or a second try after a lost connection, is the same decision. Throws `usage` without one. */
export function keyOf(fields: Fields): string {
  const key = fields.get('key') ?? '';
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new CountersignError('usage', 'The form came without its key: open the page again.');
}
