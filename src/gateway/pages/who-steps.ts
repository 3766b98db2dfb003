import { delegateRequest } from '../../contract/http-who.js';
import { findDelegation } from '../../store/delegations.js';
import { delegateQuestion } from '../delegating.js';
import { fit } from '../request.js';
import { releaseQuestion, takeUpQuestion } from '../take-up.js';
import { html, type Html } from './html.js';
import { notice } from './layout.js';
import { time } from './reader.js';
import { readerOf } from './reader-cookie.js';
import { keyOf, timeIn, type Fields } from './read-decision.js';
import type { GatewayDeps } from '../deps.js';
import { questionAt, type PageContext } from './review-context.js';
import type { WhoStep } from './who-form.js';

/** Whether a form is about who looks into a question, and decides nothing. */
export function isWhoStep(step: string): step is WhoStep {
  return step === 'claim' || step === 'release' || step === 'delegate';
}

/** Does it, by the same functions as every other way, and goes back to the question. */
export async function takeWhoStep(
  deps: GatewayDeps,
  c: PageContext,
  step: WhoStep,
  fields: Fields,
): Promise<Response> {
  const of = { bearer: c.get('bearer'), ...questionAt(c), key: keyOf(fields) };
  if (step === 'claim') await takeUpQuestion(deps, of);
  if (step === 'release') await releaseQuestion(deps, of);
  if (step === 'delegate') {
    const given = {
      to: fields.get('to') ?? '',
      until: timeIn(fields.get('until') ?? ''),
      why: fields.get('why') ?? '',
    };
    const body = fit(delegateRequest, given, 'invalid', 'The form does not fit: see below.');
    const { delegation } = await delegateQuestion(deps, { ...of, body });
    return c.redirect(`${c.req.path}?delegated=${delegation}`, 303);
  }
  return c.redirect(c.req.path, 303);
}

/** The receipt of a delegation of this question that this reader made; absent when there is none of that id. */
export async function delegatedNotice(deps: GatewayDeps, c: PageContext): Promise<Html | undefined> {
  const id = c.req.query('delegated');
  const { tenant, subject } = c.get('bearer');
  const made = id === undefined ? undefined : await findDelegation(deps.database, tenant, id);
  const { task, operation } = questionAt(c);
  if (made?.by !== subject || made.task !== task || made.operation !== operation) return undefined;
  const reader = readerOf(deps, c);
  if (made.revokedAt !== null)
    return notice('plain', `${made.to} no longer stands in for you`, html`<p>It was ended.</p>`);
  return notice(
    'good',
    `${made.to} stands in for you`,
    html`<p>
      They may decide this question on your behalf until ${time(made.until, reader)}; you may still decide it
      yourself. To end it earlier: <code>countersign undelegate ${made.id}</code>
    </p>`,
  );
}
