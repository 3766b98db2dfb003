import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionRequest, EscalationView } from '../../src/contract/http.js';
import { waitFor } from '../support/wait.js';
import { expectSound } from './deployment.js';
import { areSettled, eachOf, sendEach } from './many.js';
import { deployOnOwnServers } from './own-servers.js';
import { killLiving, startVictimGateway } from './victim.js';

const SLOW = 240_000;
const EACH = Number(process.env['COUNTERSIGN_BURST_OF_VERBS'] ?? 8);
const KILL_AT = 0.4;

let there: Awaited<ReturnType<typeof deployOnOwnServers>>;
beforeAll(async () => {
  there = await deployOnOwnServers();
}, SLOW);
afterEach(killLiving);
afterAll(() => there.stop());

interface Verb {
  /** What is sent about the question as it was read. */
  body(question: EscalationView): Partial<DecisionRequest>;
  /** Of a word that leaves the question open: whether it took effect, and who approves then. */
  readonly moved?: (now: EscalationView, before: EscalationView) => boolean;
  readonly approver?: string;
  /** How the task ends. */
  readonly outcome: 'executed' | 'rejected' | 'answered' | null;
}

const HOUR_MS = 3_600_000;
const later = ({ answerBy }: EscalationView) => (answerBy ?? 0) + HOUR_MS;

/** What each verb promises to whoever is answered with success. `withdraw` races the claim, and `resolve` needs a call that is unknown: both have tests of their own. */
const VERBS: Readonly<Record<string, Verb>> = {
  approve: { body: () => ({ decision: 'approve' }), outcome: 'executed' },
  edit: {
    body: () => ({ decision: 'edit', edits: { n: 2 } }),
    // Of this tier it takes somebody else to approve what was edited.
    moved: (now, before) => now.version > before.version,
    approver: 'joon',
    outcome: 'executed',
  },
  reject: { body: () => ({ decision: 'reject' }), outcome: 'rejected' },
  respond: { body: () => ({ decision: 'respond', answer: 'ask again tomorrow' }), outcome: 'answered' },
  'take-over': { body: () => ({ decision: 'take-over', outcome: { done: 'by hand' } }), outcome: null },
  escalate: {
    body: () => ({ decision: 'escalate' }),
    moved: (now) => now.role === 'director',
    approver: 'ruth',
    outcome: 'executed',
  },
  hold: {
    body: (question) => ({ decision: 'hold', until: later(question) }),
    moved: (now, before) => now.answerBy === later(before),
    outcome: 'executed',
  },
  extend: {
    body: (question) => ({ decision: 'extend', until: later(question) }),
    moved: (now, before) => now.answerBy === later(before),
    outcome: 'executed',
  },
};

const verbOf = (task: string): Verb => VERBS[task.split('.')[1] ?? ''] ?? expect.fail(`${task} has no verb`);

/** What dies, and what stands in its place. Answers where decisions are sent from then on. */
const KILLS: Readonly<Record<string, (living: Living) => Promise<string | undefined>>> = {
  async worker(living: Living) {
    await living.worker.kill();
    await there.worker();
    return undefined;
  },
  async gateway(living: Living): Promise<string> {
    await living.gateway.kill();
    const successor = await startVictimGateway({ config: there.running.gatewayConfig });
    return successor.ready;
  },
  async Temporal() {
    await there.stack.temporal.kill();
    await there.stack.temporal.start();
    return undefined;
  },
  async Postgres() {
    await there.stack.postgres?.kill();
    await there.stack.postgres?.start();
    return undefined;
  },
};

interface Living {
  readonly worker: Awaited<ReturnType<typeof there.worker>>;
  readonly gateway: Awaited<ReturnType<typeof startVictimGateway>>;
}

/**
 * Each decision is sent once; only one that was answered with an error is sent again, under its key. The tool honours keys, so that nothing may
 * end as unknown. Seen to fail: a repeated edit, whose first answer died with its gateway, told that it did not take effect.
 */
describe('a burst of every verb', () => {
  it.each(Object.entries(KILLS))(
    'killed in its middle: %s',
    async (victim, kill) => {
      const tasks = Array.from({ length: EACH }, (_, n) =>
        Object.keys(VERBS).map((verb) => `${victim}.${verb}.${n}`),
      ).flat();
      const living: Living = {
        worker: await there.worker(),
        gateway: await startVictimGateway({
          config: there.running.gatewayConfig,
          report: ['decision-stored'],
        }),
      };
      await eachOf(tasks, (task) => there.submit(task, 'refund'));
      const questions = new Map<string, EscalationView>();
      await eachOf(tasks, async (task) => questions.set(task, await there.asked(task)));
      const askedOf = (task: string) => questions.get(task) ?? expect.fail(`${task} was not asked`);
      const send = (task: string, url = living.gateway.ready) =>
        there.answer(askedOf(task), verbOf(task).body(askedOf(task)), { url, key: `of-${task}` });

      const { promised, refused, done } = sendEach(tasks, (task) => send(task));
      await living.gateway.reached('decision-stored', Math.floor(tasks.length * KILL_AT));
      const url = await kill(living);
      await done;

      const goOn = async (told: readonly string[]) => {
        await eachOf(told, async (task) => {
          const { moved, approver = 'amira' } = verbOf(task);
          if (!moved) return;
          await waitFor(async () => {
            const now = await (
              await there.person('ruth')
            ).escalations
              .get(`${task}:1`)
              .catch(() => undefined);
            return now && moved(now, askedOf(task)) ? true : undefined;
          });
          await there.decide(task, {}, { subject: approver });
        });
        await waitFor(() => areSettled(there, told), 60_000);
      };
      // First those: nothing may wait for the repeats of the others.
      await goOn(promised);
      await eachOf(refused, (task) => send(task, url));
      await goOn(refused);
      for (const task of tasks) await expectKept(task);
      process.stdout.write(
        `burst of ${tasks.length / EACH} verbs, ${victim} killed: ${promised.length} answered with success, ${refused.length} with an error and sent again, 0 doubled, 0 lost\n`,
      );
      expect(promised.length).toBeGreaterThan(0);
    },
    SLOW,
  );
});

async function expectKept(task: string): Promise<void> {
  const { outcome } = verbOf(task);
  await expectSound(there, task);
  const end = await there.end(task);
  expect(end, task).toMatchObject({ state: 'COMPLETED' });
  if (outcome === null) expect(end.reason, task).toBe('taken-over');
  else
    expect(
      end.results.map((result) => result.outcome),
      task,
    ).toContain(outcome);
  expect(there.effects(task), task).toHaveLength(outcome === 'executed' ? 1 : 0);
}
