import { Hono } from 'hono';
import type { EscalationView } from '../../contract/http.js';
import type { Json } from '../../domain/action.js';
import { CountersignError, ERRORS } from '../../domain/errors.js';
import type { GatewayEnv } from '../auth.js';
import { readForm } from '../form.js';
import { takeDecision } from '../take-decision.js';
import type { Typed } from './decision-form.js';
import { pageFailure, pageProblem } from './failure.js';
import type { Html } from './html.js';
import { isLargeVerb, largeAgain, largeForm, readLarge, wordsOf } from './large-forms.js';
import { isOver, receiptNotice, refusalNotice, signedInSince } from './notices.js';
import { decisionFrom, keyOf, requireMeant, type Fields } from './read-decision.js';
import { readerOf } from './reader-cookie.js';
import { typedIn } from './resend.js';
import type { GatewayDeps } from '../deps.js';
import { journalForbidden } from '../journal-forbidden.js';
import { questionAt, viewOf, type PageContext } from './review-context.js';
import { reviewPage } from './review-page.js';
import { delegatedNotice, isWhoStep, takeWhoStep } from './who-steps.js';

/** `/review/{esc}`: the question, its larger forms, and the one POST by which a page decides. */
export function reviewRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/review/:escalation', async (c) => {
    const view = await viewOf(deps, c);
    const reader = readerOf(deps, c);
    const receipt = receiptNotice(view, reader, c.req.query('done')) ?? (await delegatedNotice(deps, c));
    return c.html(
      reviewPage(view, reader, {
        ...(receipt ? { notice: receipt } : {}),
        full: c.req.query('full') === '1',
      }),
    );
  });
  for (const verb of ['edit', 'take-over'] as const)
    app.get(`/review/:escalation/${verb}`, async (c) => largeForm(deps, c, await viewOf(deps, c), verb));
  app.post('/review/:escalation', async (c) => {
    const { fields: raw, ownSession } = await readForm(deps, c);
    const fields = new Map([...raw].map(([name, text]) => [name, text.replaceAll('\r\n', '\n')]));
    const typed = typedIn(fields);
    try {
      return await (ownSession ? answer(deps, c, fields) : shownAgain(deps, c, typed));
    } catch (error) {
      return refused(deps, c, error, typed);
    }
  });
  return app;
}

/** A form of an earlier session is shown once more. */
async function shownAgain(deps: GatewayDeps, c: PageContext, typed: Typed): Promise<Response> {
  return shown(deps, c, await viewOf(deps, c), {
    typed,
    top: signedInSince(),
    status: ERRORS.forbidden.status,
  });
}

async function answer(deps: GatewayDeps, c: PageContext, fields: Fields): Promise<Response> {
  const verb = fields.get('decision') ?? '';
  if (isWhoStep(verb)) return journallingForbidden(deps, c, () => takeWhoStep(deps, c, verb, fields));
  if (isLargeVerb(verb) && fields.get('step') !== 'send') {
    const read = await journallingForbidden(deps, c, () => readLarge(deps, c, verb, fields));
    return read instanceof Response ? read : decide(deps, c, fields, read);
  }
  return decide(deps, c, fields, undefined);
}

/** A refused decision stands in its task's chain already; who looks into a question, passes it on, or begins to edit it, does not. */
async function journallingForbidden<T>(
  deps: GatewayDeps,
  c: PageContext,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'forbidden')
      await journalForbidden(deps, c.get('bearer'), c.req.path);
    throw error;
  }
}

async function decide(
  deps: GatewayDeps,
  c: PageContext,
  fields: Fields,
  outcome: Json | undefined,
): Promise<Response> {
  const readBody = async () => {
    const body = decisionFrom(fields, outcome);
    await requireMeant(fields, body, () => viewOf(deps, c));
    return body;
  };
  const { receipt } = await takeDecision(deps, {
    bearer: c.get('bearer'),
    ...questionAt(c),
    body: readBody,
    key: keyOf(fields),
    channel: 'page',
  });
  return c.redirect(`/review/${receipt.escalation}?done=${receipt.decision}`, 303);
}

/** A decision that was not taken: the question as it is now, why not, and what was typed. */
async function refused(deps: GatewayDeps, c: PageContext, error: unknown, typed: Typed): Promise<Response> {
  if (error instanceof CountersignError && !ERRORS[error.code].retryable && error.code !== 'not-found') {
    const problem = pageProblem(deps, error);
    const view = await viewOf(deps, c).catch(() => undefined);
    if (view !== undefined) {
      const why = refusalNotice(view, readerOf(deps, c), problem);
      const { status } = ERRORS[error.code];
      if (isOver(problem))
        return c.html(
          reviewPage(view, readerOf(deps, c), {
            notice: why,
            typed: await wordsOf(deps, view, typed),
            over: true,
          }),
          status,
        );
      return shown(deps, c, view, { typed, top: why, status });
    }
  }
  return pageFailure(deps, error, c, typed);
}

type Status = (typeof ERRORS)[keyof typeof ERRORS]['status'];

/** The page that a form belongs to, with a notice on top and what was typed in place. */
async function shown(
  deps: GatewayDeps,
  c: PageContext,
  view: EscalationView,
  { typed, top, status }: { readonly typed: Typed; readonly top: Html; readonly status: Status },
): Promise<Response> {
  const large = isLargeVerb(typed.form) && view.mayDo.includes(typed.form) ? typed.form : undefined;
  return large === undefined
    ? c.html(
        reviewPage(view, readerOf(deps, c), {
          notice: top,
          typed: await wordsOf(deps, view, typed),
          full: typed.values.has('opened'),
        }),
        status,
      )
    : largeAgain(deps, c, view, { verb: large, typed, notice: top, status });
}
