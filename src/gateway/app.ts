import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { CountersignError } from '../domain/errors.js';
import { isUnavailable } from '../store/unavailable.js';
import { anomalyRoutes } from './api/anomalies.js';
import { decisionRoutes } from './api/decisions.js';
import { escalationRoutes } from './api/escalations.js';
import { haltRoutes } from './api/halts.js';
import { hookRoutes } from './api/hooks.js';
import { journalRoutes } from './api/journal.js';
import { policyRoutes } from './api/policy.js';
import { sessionRoutes } from './api/sessions.js';
import { taskRoutes } from './api/tasks.js';
import { tokenRoutes } from './api/tokens.js';
import { whoMayRoutes } from './api/who-may.js';
import { authenticate, type GatewayEnv } from './auth.js';
import type { GatewayDeps } from './deps.js';
import { healthRoutes } from './health.js';
import { hookDecisionRoutes } from './hooks/decisions.js';
import { hookMailRoutes } from './hooks/mail.js';
import { slackRoutes } from './hooks/slack.js';
import { journalForbidden } from './journal-forbidden.js';
import { logFailure } from './log-failure.js';
import { assetRoutes } from './pages/assets.js';
import { PAGE_HEADERS } from './pages/plain-page.js';
import { noPage } from './pages/problem-page.js';
import { pageRoutes } from './pages/routes.js';
import { signInPages } from './pages/sign-in.js';
import { terminalPages } from './pages/terminal.js';
import { notFound, problem, problemOf } from './problem.js';
import { faultName } from '../domain/failure-facts.js';

/** The gateway as a function from request to response; what listens on a socket is the composition root's business. */
export function createApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.route('/', assetRoutes());
  app.use(async (c, next) => {
    await next();
    // On the answer itself: `c.header` would make a copy of it each time.
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  app.route('/', healthRoutes(deps));
  if (deps.slackSecret !== undefined) app.route('/', slackRoutes({ secret: deps.slackSecret }));
  app.use('/v1/*', authenticate(deps));
  app.use('/v1/*', async (c, next) => {
    // No name holds a NUL, and no column of the database either.
    if (c.req.path.includes('\0') || c.req.path.includes('%00')) notFound();
    await next();
  });
  app.route('/v1', taskRoutes(deps));
  app.route('/v1', escalationRoutes(deps));
  app.route('/v1', decisionRoutes(deps));
  app.route('/v1', haltRoutes(deps));
  app.route('/v1', anomalyRoutes(deps));
  app.route('/v1', journalRoutes(deps));
  app.route('/v1', policyRoutes(deps));
  app.route('/v1', tokenRoutes(deps));
  app.route('/v1', hookRoutes(deps));
  app.route('/v1', sessionRoutes(deps));
  app.route('/v1', whoMayRoutes(deps));
  app.route('/', hookDecisionRoutes(deps));
  app.route('/', hookMailRoutes(deps));
  app.route('/', signInPages(deps));
  app.route('/', terminalPages(deps));
  app.route('/', pageRoutes(deps));
  app.notFound((c) =>
    c.req.header('accept')?.includes('text/html') === true
      ? c.html(noPage(), 404, PAGE_HEADERS)
      : problem('not-found', 'There is nothing here that this token may see. Check the id and the token.'),
  );
  app.onError(async (error, c) => {
    if (isForbiddenPost(error, c.req) && !JOURNALLED_ELSEWHERE.test(c.req.path))
      await journalForbidden(deps, c.get('bearer'), c.req.path);
    return answerFailure(deps, error);
  });
  return app;
}

/** Refused decisions stand in their task's chain, messages of programs are refused where they are received. */
const JOURNALLED_ELSEWHERE = /^\/hooks\/|\/decisions$/;

/** Who is not allowed to do it is known by then: without a bearer the answer is another. */
function isForbiddenPost(error: Error, { method }: { readonly method: string }): boolean {
  return method === 'POST' && error instanceof CountersignError && error.code === 'forbidden';
}

function answerFailure(deps: GatewayDeps, error: Error): Response {
  if (error instanceof CountersignError) return problemOf(error);
  if (isUnavailable(error)) {
    deps.log('alarm', 'database-unavailable', { error: faultName(error) });
    return problem(
      'unreachable',
      'The database does not answer, so this was not done or not confirmed. Send it again with the same Idempotency-Key; /readyz tells when the database is back.',
    );
  }
  const incident = randomBytes(8).toString('hex');
  logFailure(deps, error, incident);
  return problem(
    'internal',
    `Something failed that should not. Give your operator the incident id ${incident}.`,
    { incident },
  );
}
