import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { monotonicMs } from './marks.js';

const PAUSE_MS = 3;
const TIMEOUT_MS = 60_000;
/** The bench's own statement in the database of the product, which is nobody's share. */
export const LOOK = 'select distinct task from questions where task = any($1)';

/** Tells when the question of a task lies on a desk: one look at a time for all who wait, over a connection outside every account. */
export interface AskedQuestions {
  wait(task: string): Promise<number>;
}

/** Looks into the database of the product every 3 ms, and only while somebody waits. */
export function watchQuestions(admin: pg.Client): AskedQuestions {
  const waiting = new Map<
    string,
    { resolve: (at: number) => void; reject: (error: Error) => void; until: number }
  >();
  let looking = false;

  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      const text = `${LOOK} and status = 'open'`;
      const { rows } = await admin.query<{ task: string }>({
        name: 'asked',
        text,
        values: [[...waiting.keys()]],
      });
      const at = monotonicMs();
      for (const { task } of rows) {
        waiting.get(task)?.resolve(at);
        waiting.delete(task);
      }
      for (const [task, { reject, until }] of waiting) {
        if (at < until) continue;
        waiting.delete(task);
        reject(new Error(`nobody was asked about ${task} within ${TIMEOUT_MS} ms`));
      }
      await sleep(PAUSE_MS);
    }
    looking = false;
  }
  return {
    wait(task) {
      return new Promise((resolve, reject) => {
        waiting.set(task, { resolve, reject, until: monotonicMs() + TIMEOUT_MS });
        if (!looking)
          look().catch((error: unknown) => waiting.forEach((each) => each.reject(new Error(String(error)))));
      });
    },
  };
}
