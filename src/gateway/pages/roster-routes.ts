import { Hono } from 'hono';
import { absenceRequest, membersRequest, roleDelegation } from '../../contract/http-who.js';
import { CountersignError, ERRORS } from '../../domain/errors.js';
import type { GatewayEnv } from '../auth.js';
import { delegateRole, revoke } from '../delegating.js';
import type { GatewayDeps } from '../deps.js';
import { readForm } from '../form.js';
import { journalForbidden } from '../journal-forbidden.js';
import { rosterFor, setAbsence, setMembers } from '../keep-roster.js';
import { fit } from '../request.js';
import { pageFailure, pageProblem } from './failure.js';
import { html } from './html.js';
import { notice } from './layout.js';
import { places, signedInSince } from './notices.js';
import { problemHeading } from './problem-page.js';
import { keyOf, timeIn, type Fields } from './read-decision.js';
import { readerOf } from './reader-cookie.js';
import { typedIn } from './resend.js';
import type { PageContext } from './review-context.js';
import { ROSTER_STEPS, type RosterStep } from './roster-forms.js';
import { rosterPage } from './roster-page.js';

const MISFIT = 'The form does not fit: see below.';

/** `/roster`: who is who, and the one POST by which a page changes it, by the same functions as the API. */
export function rosterRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/roster', async (c) => {
    const view = await rosterFor(deps, c.get('bearer'));
    const saved = c.req.query('saved') !== undefined;
    const told = saved ? { notice: notice('good', 'Saved', html`<p>It holds from now on.</p>`) } : {};
    return c.html(rosterPage(view, readerOf(deps, c), told));
  });
  app.post('/roster', async (c) => {
    const { fields, ownSession } = await readForm(deps, c);
    const view = await rosterFor(deps, c.get('bearer'));
    const typed = typedIn(fields);
    if (!ownSession)
      return c.html(
        rosterPage(view, readerOf(deps, c), { notice: signedInSince(), typed }),
        ERRORS.forbidden.status,
      );
    try {
      await STEPS[stepIn(fields)](deps, c, fields);
      return c.redirect('/roster?saved', 303);
    } catch (error) {
      return refused(deps, c, error, fields);
    }
  });
  return app;
}

/** A change that was not made: the roster as it is now, why not, and what was typed. */
async function refused(deps: GatewayDeps, c: PageContext, error: unknown, fields: Fields): Promise<Response> {
  const typed = typedIn(fields);
  if (!(error instanceof CountersignError) || ERRORS[error.code].retryable || error.code === 'not-found')
    return pageFailure(deps, error, c, typed);
  if (error.code === 'forbidden') await journalForbidden(deps, c.get('bearer'), c.req.path);
  const { code, detail, extra } = pageProblem(deps, error);
  const why = notice(
    'bad',
    problemHeading(code),
    html`<p>${detail}</p>
      ${places(extra)}
      <p>Nothing was changed. What you typed is kept.</p>`,
  );
  const view = await rosterFor(deps, c.get('bearer'));
  return c.html(rosterPage(view, readerOf(deps, c), { notice: why, typed }), ERRORS[code].status);
}

type Step = (deps: GatewayDeps, c: PageContext, fields: Fields) => Promise<unknown>;

const STEPS: Readonly<Record<RosterStep, Step>> = {
  async members(deps, c, fields) {
    const role = fields.get('role') ?? '';
    const body = fit(membersRequest, { members: namesIn(fields.get('members')) }, 'invalid', MISFIT);
    await setMembers(deps, { bearer: c.get('bearer'), role, body, was: namesIn(fields.get('was')) });
  },
  async absence(deps, c, fields) {
    const given = { subject: fields.get('subject') ?? '', ...timesIn(fields) };
    const body = fit(absenceRequest, given, 'invalid', MISFIT);
    if (body.until <= (await deps.database.now()))
      throw new CountersignError(
        'invalid',
        'That absence is over already: choose a later end. Whoever is back has a button for it.',
      );
    await setAbsence(deps, { bearer: c.get('bearer'), body });
  },
  async back(deps, c, fields) {
    const until = await deps.database.now();
    const given = { subject: fields.get('subject') ?? '', from: until, until };
    const body = fit(absenceRequest, given, 'invalid', MISFIT);
    await setAbsence(deps, { bearer: c.get('bearer'), body });
  },
  async delegate(deps, c, fields) {
    const given = {
      role: fields.get('role') ?? '',
      to: (fields.get('to') ?? '').trim(),
      why: (fields.get('why') ?? '').replaceAll('\r\n', '\n'),
      ...timesIn(fields),
    };
    const body = fit(roleDelegation, given, 'invalid', MISFIT);
    await delegateRole(deps, { bearer: c.get('bearer'), body, key: keyOf(fields) });
  },
  revoke: (deps, c, fields) => revoke(deps, c.get('bearer'), fields.get('delegation') ?? ''),
};

function stepIn(fields: Fields): RosterStep {
  const step = ROSTER_STEPS.find((one) => one === fields.get('form'));
  if (step !== undefined) return step;
  throw new CountersignError('usage', 'This is no form of the roster: open the page again.');
}

function namesIn(text = ''): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '');
}

function timesIn(fields: Fields): { from?: number; until: number } {
  const from = fields.get('from') ?? '';
  return { ...(from === '' ? {} : { from: timeIn(from) }), until: timeIn(fields.get('until') ?? '') };
}
