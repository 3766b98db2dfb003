import { delegateRequest } from '../../contract/http-who.js';
import { delegateQuestion } from '../delegating.js';
import { fit } from '../request.js';
import { releaseQuestion, takeUpQuestion } from '../take-up.js';
import { keyOf, timeIn, type Fields } from './read-decision.js';
import { questionAt, type Deps, type PageContext } from './review-context.js';
import type { WhoStep } from './who-form.js';

/** Whether a form is about who looks into a question, and decides nothing. */
export function isWhoStep(step: string): step is WhoStep {
  return step === 'claim' || step === 'release' || step === 'delegate';
}

/** Does it, by the same functions as every other way, and goes back to the question. */
export async function takeWhoStep(
  deps: Deps,
  c: PageContext,
  step: WhoStep,
  fields: Fields,
): Promise<Response> {
  const of = { bearer: c.get('bearer'), ...questionAt(c) };
  if (step === 'claim') await takeUpQuestion(deps, of);
  if (step === 'release') await releaseQuestion(deps, of);
  if (step === 'delegate') {
    const given = {
      to: fields.get('to') ?? '',
      until: timeIn(fields.get('until') ?? ''),
      why: fields.get('why') ?? '',
    };
    const body = fit(delegateRequest, given, 'invalid', 'The form does not fit: see below.');
    await delegateQuestion(deps, { ...of, body, key: keyOf(fields) });
  }
  return c.redirect(c.req.path, 303);
}
