import { CountersignError } from '../domain/errors.js';
import type { Io } from './io.js';

/** How long a command that goes on looks again for a gateway that does not answer. */
const LONGEST_MS = 60_000;

/** A gateway that is away for a while, being restarted say: borne by commands that go on. */
export interface Outage {
  /** Takes a failed request, and tells of the first; throws it again unless it is an outage that is shorter than a minute. */
  bear(error: unknown): undefined;
  /** It answered. */
  over(): void;
}

/** No outage yet. */
export function outage({ complain, now }: Pick<Io, 'complain' | 'now'>): Outage {
  let since: number | undefined;
  return {
    bear(error) {
      if (!(error instanceof CountersignError) || error.code !== 'unreachable') throw error;
      if (since === undefined) complain(`${error.message} Looking again for up to a minute.`);
      since ??= now();
      if (now() - since >= LONGEST_MS) throw error;
      return undefined;
    },
    over: () => (since = undefined),
  };
}
