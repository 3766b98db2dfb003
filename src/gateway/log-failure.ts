import { failureFacts } from '../domain/failure-facts.js';
import { sqlState } from '../store/database.js';
import type { GatewayDeps } from './deps.js';

/** Logs what should not have happened: where, and never what was sent. */
export function logFailure({ log }: Pick<GatewayDeps, 'log'>, error: unknown, incident: string): void {
  log('alarm', 'internal-error', { incident, ...failureFacts(error), state: sqlState(error) });
}
