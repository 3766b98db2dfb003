import type { Command, Status } from './escalation.js';

/**
 * The whole state machine as data: where each command can lead from each status. What is not listed is refused. A respond that leads
 * to the status it came from does not exist: it is refused, or it moves.
 */
export const TRANSITIONS = {
  JUDGED: {
    permit: ['RESUMING'],
    deliver: ['PAUSED_PENDING_HUMAN'],
    queue: ['JUDGED'],
    miss: ['TIMED_OUT'],
    bar: ['PAUSED_PENDING_HUMAN'],
    halt: ['FAILED'],
    cancel: ['FAILED'],
    fail: ['FAILED'],
  },
  PAUSED_PENDING_HUMAN: {
    permit: ['RESUMING'],
    deliver: ['PAUSED_PENDING_HUMAN'],
    queue: ['PAUSED_PENDING_HUMAN'],
    miss: ['TIMED_OUT'],
    expire: ['TIMED_OUT'],
    respond: ['HUMAN_RESPONDED', 'RESUMING'],
    bar: ['PAUSED_PENDING_HUMAN'],
    halt: ['PAUSED_PENDING_HUMAN', 'RESUMING', 'FAILED'],
    lift: ['PAUSED_PENDING_HUMAN'],
    cancel: ['RESUMING', 'FAILED'],
    fail: ['RESUMING', 'FAILED'],
  },
  HUMAN_RESPONDED: {
    verify: ['PAUSED_PENDING_HUMAN', 'RESUMING'],
    halt: ['HUMAN_RESPONDED', 'RESUMING', 'FAILED'],
    cancel: ['RESUMING', 'FAILED'],
    fail: ['RESUMING', 'FAILED'],
  },
  TIMED_OUT: {
    climb: ['PAUSED_PENDING_HUMAN'],
    'fall-back': ['RESUMING', 'PAUSED_PENDING_HUMAN', 'FAILED'],
    halt: ['PAUSED_PENDING_HUMAN', 'RESUMING', 'FAILED'],
    cancel: ['RESUMING', 'FAILED'],
    fail: ['RESUMING', 'FAILED'],
  },
  RESUMING: {
    finish: ['SETTLED'],
    act: ['PAUSED_PENDING_HUMAN'],
    reask: ['PAUSED_PENDING_HUMAN'],
    bar: ['PAUSED_PENDING_HUMAN'],
    halt: ['FAILED'],
    cancel: ['FAILED'],
    fail: ['FAILED'],
  },
  SETTLED: {},
  FAILED: {},
} as const satisfies Readonly<Record<Status, Readonly<Partial<Record<Command['type'], readonly Status[]>>>>>;
