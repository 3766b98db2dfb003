import { sqlState } from '../store/database.js';
import type { GatewayDeps } from './deps.js';

/** Logs what should not have happened: where, and never what was sent. */
export function logFailure({ log }: Pick<GatewayDeps, 'log'>, error: unknown, incident: string): void {
  // Frames only: a message may quote what was sent.
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  log('alarm', 'internal-error', {
    incident,
    error: error instanceof Error ? error.name : 'unknown',
    state: sqlState(error),
    frames: frames.slice(0, 8).join(' <'),
  });
}
