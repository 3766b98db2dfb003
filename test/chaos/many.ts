import { expect } from 'vitest';
import { expectSound, type Deployment } from './deployment.js';

/** How many things are under way at once. */
const AT_ONCE = 16;

/** Does something with each, a few at once, in order. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Sends something about each task once: which were answered with success and which with an error, once `done`. */
export function sendEach(tasks: readonly string[], send: (task: string) => Promise<unknown>) {
  const promised: string[] = [];
  const refused: string[] = [];
  const done = eachOf(tasks, (task) =>
    send(task).then(
      () => promised.push(task),
      () => refused.push(task),
    ),
  );
  return { promised, refused, done };
}

/** Whether every task is where nothing more happens by itself: closed, or asking what became of its call. */
export async function areSettled(there: Deployment, tasks: readonly string[]): Promise<true | undefined> {
  const [row] = await there.running.database.query<{ settled: number }>(
    `select count(*) as settled from tasks t where t.task = any($1) and (t.closed_at is not null or exists
       (select 1 from questions q where q.tenant = t.tenant and q.task = t.task and q.status = 'open' and q.kind = 'resolution'))`,
    [tasks],
  );
  return row?.settled === tasks.length ? true : undefined;
}

/** Every call was approved: each is done with one effect, or says that nobody knows. Answers how many are which. */
export async function expectAllCalled(
  there: Deployment,
  tasks: readonly string[],
): Promise<{ executed: number; unknown: number }> {
  const counts = { executed: 0, unknown: 0 };
  for (const task of tasks) {
    await expectSound(there, task);
    const [call] = await there.ledger(task);
    if (call?.status === 'done') counts.executed++;
    else if (call?.status === 'unknown' && call.tool === 'pay') counts.unknown++;
    else expect.fail(`${task} is ${call?.status}`);
  }
  return counts;
}
