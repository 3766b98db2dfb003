import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runs } from '../../examples/deploy/runs.js';
import { cluster } from '../../examples/deploy/tools.js';
import { openShop, type Shop } from '../../examples/support/shop.js';
import { VERBS } from '../../src/domain/decision.js';
import { tickets } from '../../examples/support/tickets.js';
import { anExample } from '../support/example.js';
import { playOn, type Played } from '../support/played.js';
import { aPolicy } from '../support/policy-case.js';
import { startRunning, type Running } from '../support/running.js';
import { testDatabase } from '../support/stack.js';
import { sorted, VOCABULARY } from '../support/vocabulary.js';
import { answered, approve, refused, refuses, reject, type Scenario } from './scenario.js';
import type { RunningWorker } from '../../src/worker.js';

/** The examples' own policies, with seconds in the place of hours where nobody is going to answer. */
function hurried(policy: string, ladders: readonly string[]): string {
  const shorter = (text: string, ladder: string) => {
    const found = new RegExp(`(^ {2}${ladder}:[\\s{]+ttl: )\\w+`, 'm');
    expect(text, ladder).toMatch(found);
    return text.replace(found, '$11s');
  };
  return ladders.reduce(shorter, policy).replace('window: 5m', 'window: 1s');
}

const support = anExample('support');
const deploy = anExample('deploy');
const policies = {
  support: hurried(support.policy, ['brief', 'mails', 'held']),
  deploy: hurried(deploy.policy, ['migrations', 'rights']),
};

let shop: Shop;
let desk: { running: Running; play: Played; worker: RunningWorker };
let house: { running: Running; play: Played };

/** The fallback that each task's silence took, null where somebody answered: only the end of a task tells. */
const ends: (string | null)[] = [];

beforeAll(async () => {
  const { url } = await testDatabase();
  process.env['SHOP_DATABASE_URL'] = url;
  shop = openShop(url);
  await shop.query('update shop.orders set answer_ms = 0');
  const [one, other] = await Promise.all([
    startRunning({ tools: [...support.tools.values()], policy: policies.support, worker: false }),
    startRunning({ tools: [...deploy.tools.values()], policy: policies.deploy }),
  ]);
  desk = { running: one, play: await playOn(one), worker: await one.startWorker() };
  house = { running: other, play: await playOn(other) };
}, 60_000);
afterAll(async () => {
  await Promise.all([desk.running.stop(), house.running.stop()]);
  await shop.close();
});

const AT_THE_DESK: Readonly<Record<string, Scenario>> = {
  'boundary: finance approves what is large': {
    task: tickets.office,
    goes: answered('ines', approve),
    ends: { outcomes: ['issue_refund executed'] },
  },
  'reject: the agent hears why, and asks for less': {
    task: tickets.chairs,
    async goes(play, task) {
      await play.decide('joon', await play.asked('joon', task), reject);
      await play.decide('joon', await play.asked('joon', task), approve);
    },
    ends: { outcomes: ['issue_refund rejected', 'issue_refund executed'] },
  },
  'edit: runs as it was edited': {
    task: tickets.rug,
    goes: answered('joon', {
      decision: 'edit',
      why: 'USD 80 it is',
      edits: { orderId: '1204', amountCents: 8_000, currency: 'USD' },
    }),
    ends: { outcomes: ['give_voucher executed'] },
  },
  'confidence, escalate: the next role decides': {
    task: tickets.unsure,
    async goes(play, task) {
      const view = await play.asked('amira', task);
      for (const verb of VERBS) expect(await refuses(play, 'ines', view, verb), verb).toBe(true);
      await play.decide('amira', view, { decision: 'escalate', why: 'not mine to say' });
      const again = await play.asked('ruth', task);
      expect(again.role).toBe('support_director');
      await play.decide('ruth', again, approve);
    },
    ends: { outcomes: ['get_order executed'] },
  },
  'anomaly, hold: there is more time': {
    task: tickets.warranty,
    async goes(play, task) {
      const view = await play.asked('joon', task);
      await play.decide('joon', view, { decision: 'hold', why: 'I ask the workshop' });
      expect((await play.moved('joon', view)).answerBy).toBe(view.extendableUntil);
      await play.decide('joon', view, approve);
    },
    ends: { outcomes: ['get_order executed'] },
  },
  'risk, extend: the deadline moves': {
    task: tickets.steered,
    async goes(play, task) {
      const view = await play.asked('amira', task);
      const until = (view.answerBy ?? 0) + 3_600_000;
      await play.decide('amira', view, { decision: 'extend', why: 'tomorrow', until });
      expect((await play.moved('amira', view)).answerBy).toBe(until);
      await play.decide('amira', view, reject);
    },
    ends: { outcomes: ['give_voucher rejected'] },
  },
  'sla: a promise that is due': {
    task: tickets.promised,
    goes: answered('amira', approve),
    ends: { outcomes: ['get_order executed'] },
  },
  'stall: an agent in a circle': {
    task: tickets.circle,
    goes: answered('amira', reject),
    ends: {
      outcomes: [
        'get_order failed: no-such-order',
        'draft_reply failed: no-such-order',
        'get_order failed: no-such-order',
        'draft_reply rejected',
      ],
    },
  },
  'policy: the audit sample is the director’s': {
    task: tickets.sampled,
    goes: answered('ruth', approve),
    ends: { outcomes: ['get_order executed'] },
  },
  'sentiment, request, respond: the agent goes on with the answer': {
    task: tickets.furious,
    async goes(play, task) {
      const asks = await play.asked('amira', task);
      expect(asks.brief.agentQuestion).toBe('Which address do returns of furniture go to?');
      await play.decide('amira', asks, { decision: 'respond', why: 'he is right', answer: 'Leeds.' });
      await play.decide('amira', await play.asked('amira', task), approve);
    },
    ends: { outcomes: ['get_order answered', 'draft_reply executed'] },
  },
  'stop, take-over: people end the work of a legal threat': {
    task: tickets.lawyer,
    async goes(play, task) {
      const view = await play.asked('ruth', task, 'held');
      expect(view.kind).toBe('stop');
      const over = { decision: 'take-over', why: 'ours now', outcome: { told: 'our lawyers' } } as const;
      expect(await play.refused('ruth', view, approve)).toBe('invalid');
      await play.decide('ruth', view, over);
    },
    ends: { outcomes: ['get_order taken-over'], reason: 'taken-over' },
    fallback: 'hold',
  },
  'soft: a queued reply is confirmed': {
    task: tickets.invoice,
    async goes(play, task) {
      const view = await play.asked('amira', task);
      expect(view.kind).toBe('confirmation');
      for (const verb of ['edit', 'respond', 'take-over', 'escalate', 'resolve', 'withdraw'] as const)
        expect(await refuses(play, 'amira', view, verb), verb).toBe(true);
      await play.decide('amira', view, approve);
    },
    ends: { outcomes: ['queue_reply executed'] },
  },
  'silence denies': {
    task: tickets.address,
    ends: { outcomes: ['update_address denied'] },
    fallback: 'deny',
  },
  'silence takes the safe action: the mail becomes a draft': {
    task: tickets.grinder,
    goes: answered('amira', approve),
    ends: {
      outcomes: ['get_order executed', 'issue_refund executed', 'send_reply denied', 'draft_reply executed'],
    },
    fallback: 'safe',
  },
  'irreversibility: silence holds it for its owner': {
    task: tickets.bench,
    async goes(play, task) {
      await play.decide('ruth', await play.asked('ruth', task, 'held'), approve);
    },
    ends: { outcomes: ['cancel_order executed'] },
    fallback: 'hold',
  },
};

const IN_THE_HOUSE: Readonly<Record<string, Scenario>> = {
  // Seen to fail: a fingerprint that does not resolve the tag.
  'constrained, narrow, case 31: what the tag means now is approved, and nothing that it meant before': {
    task: runs.release,
    async goes(play, task) {
      const before = await play.asked('noor', task);
      const { digest } = cluster.push('web:latest');
      await play.decide('noor', before, approve);
      const after = await play.asked('noor', task);
      expect(after.brief.reason).toContain('the world changed');
      expect(after.brief.diff[0]).toMatchObject({ field: 'web in production', after: digest });
      await play.decide('noor', after, approve);
      await play.ended(task);
      expect(cluster.service('web', 'production').digest).toBe(digest);
    },
    ends: { outcomes: ['read_status executed', 'deploy_production executed', 'set_flag executed'] },
  },
  'silence fails the task, and its owner resolves the hand-over': {
    task: runs.migration,
    async goes(play, task) {
      await play.ended(task);
      const handOver = await play.asked('sven', task);
      expect(handOver.kind).toBe('hand-over');
      await play.decide('sven', handOver, {
        decision: 'resolve',
        why: 'I run it by hand',
        resolution: 'leave',
      });
    },
    ends: { state: 'FAILED', outcomes: ['run_migration fallback'] },
    fallback: 'fail',
  },
  'supervised, assistant: reads by itself, and asks before it changes anything': {
    task: runs.newcomer,
    goes: answered('kofi', reject),
    ends: { outcomes: ['read_status executed', 'set_flag rejected'] },
  },
  'monitored, broad: a key is rotated at once': {
    task: runs.leak,
    ends: { outcomes: ['rotate_keys executed'] },
  },
  'stop: what is too much for an agent is ended by people, in the shape of the tool': {
    task: runs.cleanup,
    async goes(play, task) {
      const view = await play.asked('kofi', task);
      const over = { decision: 'take-over', why: 'by hand, in pieces' } as const;
      expect(await play.refused('kofi', view, { ...over, outcome: { deleted: 'many' } })).toBe('invalid');
      await play.decide('kofi', view, { ...over, outcome: { deleted: 2_000_000 } });
    },
    ends: { outcomes: ['delete_data taken-over'], reason: 'taken-over' },
  },
  'soft: silence undoes': {
    task: runs.night,
    async goes(play, task) {
      await play.ended(task);
      expect(cluster.service('web', 'staging').replicas).toBe(3);
    },
    ends: { outcomes: ['scale_service undone'] },
  },
  'full: the autoscaler just scales': {
    task: runs.load,
    ends: { outcomes: ['scale_service executed'] },
  },
};

/** Plays a scenario to its end, and notes which fallback its silence took. */
async function plays(play: Played, { task, goes, fallback }: Scenario) {
  await play.submit(task);
  await goes?.(play, task.task);
  const end = await play.ended(task.task);
  ends.push(fallback ?? null);
  return end;
}

/** A task completes unless its scenario says otherwise. */
const endOf = ({ ends }: Scenario) => ({ state: 'COMPLETED', ...ends });

describe('both examples on Temporal and Postgres', { timeout: 60_000 }, () => {
  it('auto and notify: what asks nobody runs, before anything was counted', async () => {
    const ends = { outcomes: ['get_order executed', 'give_voucher executed', 'draft_reply executed'] };
    expect(await plays(desk.play, { task: tickets.parcel, ends })).toMatchObject(ends);
  });

  describe.concurrent('side by side', () => {
    it.each(Object.entries(AT_THE_DESK))('%s', async (_name, scenario) => {
      expect(await plays(desk.play, scenario)).toMatchObject(endOf(scenario));
    });
    it.each(Object.entries(IN_THE_HOUSE))('%s', async (_name, scenario) => {
      expect(await plays(house.play, scenario)).toMatchObject(endOf(scenario));
    });
  });

  it('silence halts an agent that wants rights', async () => {
    const ends = { state: 'FAILED', outcomes: ['grant_privilege fallback'] };
    expect(await plays(house.play, { task: runs.access, ends, fallback: 'halt' })).toMatchObject(ends);
    const { halts } = await (await house.running.as('vera')).halts.list();
    expect(halts).toMatchObject([{ scope: 'agent', target: 'intern_bot' }]);
  });

  it('withdraw: an approval is taken back before its call is claimed', async () => {
    const { play, worker, running } = desk;
    await play.submit(tickets.lamp);
    const view = await play.asked('amira', tickets.lamp.task);
    await worker.stop();
    expect(await play.decide('amira', view, approve)).toBe(false);
    await play.decide('amira', view, { decision: 'withdraw', why: 'the wrong order' });
    await running.startWorker();
    await play.decide('joon', await play.asked('joon', tickets.lamp.task), reject);
    expect((await play.ended(tickets.lamp.task)).outcomes).toEqual(['issue_refund rejected']);
  });

  // Seen to fail: without the task that silence fails.
  it('has shown every trigger, level, autonomy tier, stage, fallback and verb, and each of them absent', async () => {
    const [one, other] = await Promise.all([desk.play.shown(), house.play.shown()]);
    const all = [
      ...one.verdicts.map((each) => ({ ...each, policy: aPolicy(policies.support) })),
      ...other.verdicts.map((each) => ({ ...each, policy: aPolicy(policies.deploy) })),
    ];
    const agents = all.flatMap(({ agent, policy }) => policy.agents.get(agent) ?? []);
    expect({
      triggers: sorted(all.flatMap(({ verdict }) => verdict.fired.map(({ trigger }) => trigger))),
      levels: sorted(all.map(({ verdict }) => verdict.level)),
      verbs: sorted([...one.verbs, ...other.verbs]),
      autonomies: sorted(agents.map(({ autonomy }) => autonomy)),
      stages: sorted(agents.map(({ stage }) => stage)),
      fallbacks: sorted(ends.filter((took) => took !== null)),
    }).toEqual(VOCABULARY);
    const each = all.map(({ verdict, agent, policy }) => [
      verdict.level,
      policy.agents.get(agent)?.autonomy,
      policy.agents.get(agent)?.stage,
      ...verdict.fired.map(({ trigger }) => trigger),
    ]);
    const members = [
      ...VOCABULARY.triggers,
      ...VOCABULARY.levels,
      ...VOCABULARY.autonomies,
      ...VOCABULARY.stages,
    ];
    expect(members.filter((member) => each.every((shown) => shown.includes(member)))).toEqual([]);
    expect(sorted(refused)).toEqual(VOCABULARY.verbs);
    const silent = VOCABULARY.fallbacks.map((fallback) => [fallback, ends.some((took) => took !== fallback)]);
    expect(silent).toEqual(VOCABULARY.fallbacks.map((fallback) => [fallback, true]));
  });
});
