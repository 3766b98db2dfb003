import type { Context } from 'hono';
import type { GatewayEnv } from '../auth.js';
import { ERRORS } from '../../domain/errors.js';
import type { GatewayDeps } from '../deps.js';
import { formToken, type Form } from '../form.js';
import { pageProblem } from './failure.js';
import { signInPath } from '../session.js';
import type { Fields } from './read-decision.js';
import type { Typed } from './decision-form.js';
import { html } from './html.js';
import { problemPage, sendAgain } from './problem-page.js';

/** What a form held, for whoever has to see it again. */
export function typedIn(fields: Fields): Typed {
  return { form: fields.get('form') ?? '', values: fields };
}

/** A form whose session is over: what was typed stays on this page, and is sent once more after signing in elsewhere. */
export function expiredForm(c: Context<GatewayEnv>, form: Form): Response | Promise<Response> {
  const { pathname } = new URL(c.req.url);
  const problem = {
    code: 'unauthenticated',
    detail:
      'Your session is over, so nothing was sent. Sign in in another tab, come back to this page, and send it again: what you typed is kept here.',
  } as const;
  const again = html`<p>
      <a class="button" href="${signInPath(pathname)}" target="_blank" rel="noopener noreferrer"
        >Sign in in another tab</a
      >
    </p>
    ${sendAgain(pathname, typedIn(form.fields), '', 'I have signed in: send it again')}`;
  return c.html(problemPage(null, problem, again), 401);
}

/** A form that came while the database was away: what was typed stays on this page, to be sent again as the same decision. */
export function undecidedForm(
  deps: GatewayDeps,
  c: Context<GatewayEnv>,
  { fields, ownSession }: Form,
  error: unknown,
): Response | Promise<Response> {
  const problem = pageProblem(deps, error);
  const token = ownSession ? formToken(deps, c) : '';
  const again = sendAgain(c.req.path, typedIn(fields), token, 'Send it again');
  c.header('retry-after', '5');
  return c.html(problemPage(null, problem, again), ERRORS[problem.code].status);
}
