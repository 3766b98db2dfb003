import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { CountersignError, ERRORS } from '../domain/errors.js';
import { workflowId } from '../domain/ids.js';
import { sqlState } from '../store/database.js';
import type { Activities, Carry } from './api.js';
import { ask } from './ask.js';
import type { ClaimsAhead } from './claims-ahead.js';
import { conclude } from './conclude.js';
import { execute } from './execute.js';
import { expire } from './expire.js';
import { inspect } from './inspect.js';
import { plan } from './plan.js';
import type { ActivityDeps } from './ports.js';
import { record } from './record.js';
import { safeguard } from './safeguard.js';
import { undo } from './undo.js';
import { verify } from './verify.js';

/** How often an activity under way tells the server that its worker lives; a local one tells nobody. */
const HEARTBEAT_MS = 1_000;

/** The activities over the outside world they are given. Only `ApplicationFailure` with a code of the error table leaves them. */
export function createActivities(deps: ActivityDeps, ahead: ClaimsAhead): Activities {
  return {
    plan: (input) => atEdge(deps, input, () => plan(deps, input, Context.current().cancellationSignal)),
    ask: (input) => atEdge(deps, input, () => ask(deps, input)),
    verify: (input) => atEdge(deps, input, () => verify(deps, input)),
    expire: (input) => atEdge(deps, input, () => expire(deps, input)),
    inspect: (input) => atEdge(deps, input, () => inspect(deps, input)),
    execute: (input) => atEdge(deps, input, () => execute(deps, input, ahead)),
    undo: (input) => atEdge(deps, input, () => undo(deps, input)),
    safeguard: (input) => atEdge(deps, input, () => safeguard(deps, input)),
    conclude: (input) => atEdge(deps, input, () => conclude(deps, input)),
    record: (input) => atEdge(deps, input, () => record(deps, input)),
  };
}

async function atEdge<T>(deps: ActivityDeps, carry: Carry, work: () => Promise<T>): Promise<T> {
  try {
    requireOwnRun(carry);
    return await beating(work);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    const code = error instanceof CountersignError ? error.code : 'internal';
    const known = error instanceof CountersignError;
    const name = error instanceof Error ? error.name : 'unknown';
    // Messages of other libraries may quote values; the place in the code is what helps.
    const at =
      error instanceof Error
        ? (error.stack
            ?.split('\n')
            .find((line) => line.includes(' at '))
            ?.trim() ?? '')
        : '';
    deps.log('warn', 'activity-failed', { code, error: name, sqlState: sqlState(error), at });
    // What we did not foresee (a lost database, a defect) is tried again: waiting is safe, guessing is not.
    throw ApplicationFailure.create({
      type: code,
      message: known
        ? error.message
        : `the activity could not do its work (${name}): the worker's log says where`,
      nonRetryable: known && !ERRORS[code].retryable,
      ...(known && typeof error.extra['retryAfterMs'] === 'number'
        ? { nextRetryDelay: error.extra['retryAfterMs'] }
        : {}),
    });
  }
}

/** A run speaks for its own task alone, whatever it says in its input. */
function requireOwnRun({ tenant, task, runId }: Carry): void {
  const { workflowExecution: run } = Context.current().info;
  if (run?.workflowId === workflowId(tenant, task) && run.runId === runId) return;
  throw new CountersignError('forbidden', `run ${run?.workflowId ?? '?'} is not the run of task ${task}`);
}

async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
