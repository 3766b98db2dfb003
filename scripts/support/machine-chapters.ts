import { tickets } from '../../examples/support/tickets.js';
import { asked, decide, decideInVain, ended, submit, type Scene } from './scene.js';
import { until } from './until.js';

/**
 * Kills the worker after the bank and the warehouse did their work and before they answered. The bank honours keys and is asked again;
 * the warehouse does not, so a person finds out what happened.
 */
export async function killed(scene: Scene): Promise<void> {
  const { bicycle, bench } = tickets;
  const { story, shop, house } = scene;
  story.chapter('kill -9 in the middle of two calls');
  await submit(scene, bicycle);
  const refund = await asked(scene, 'amira', bicycle);
  await submit(scene, bench);
  const cancellation = await asked(scene, 'joon', bench);
  await decide(scene, 'amira', refund, { decision: 'approve', why: 'half the price for a bent frame' });
  await decide(scene, 'joon', cancellation, { decision: 'approve', why: 'still in the warehouse' });
  await until('the bank and the warehouse to have done it', async () => {
    const [row] = await shop.query(
      `select 1 as done from shop.refunds r join shop.orders o on o.id = '1243' and o.status = 'cancelled' where r.order_id = '1242'`,
    );
    return row;
  });
  const pid = house.worker.pid();
  await house.worker.kill();
  story.line('shop', 'has paid and cancelled, and was about to say so');
  story.line('operator', `kill -9 ${pid}: the worker is gone, and what it knew with it`);
  await house.worker.start();
  story.line('operator', `a new worker, ${house.worker.pid()}`);
  await ended(scene, bicycle);
  const [counted] = await shop.query(
    `select calls, effects from shop.effects join shop.refunds using (key) where order_id = '1242'`,
  );
  story.line(
    'shop',
    `was asked ${counted?.['calls']} times under one key and paid ${counted?.['effects']} time`,
  );
  scene.expect('calls and effects of the interrupted refund', counted, { calls: 2, effects: 1 });
  await settleUnknown(scene);
}

async function settleUnknown(scene: Scene): Promise<void> {
  const { bench } = tickets;
  const unknown = await asked(scene, 'joon', bench);
  scene.expect('the kind of question about the cancellation', unknown.kind, 'resolution');
  const order = await scene.shop.order('1243');
  scene.story.line('joon', `looks into the shop: order 1243 is ${order?.status}`);
  await decide(scene, 'joon', unknown, {
    decision: 'resolve',
    resolution: 'happened',
    result: { cancelled: '1243' },
    why: 'the warehouse lists it as cancelled',
  });
  await ended(scene, bench);
}

/** A halt voids what is open; lifting it takes somebody else and asks again. */
export async function halted(scene: Scene): Promise<void> {
  const { record } = tickets;
  const { story, house } = scene;
  story.chapter('Halt, and lift');
  await submit(scene, record);
  const refund = await asked(scene, 'amira', record);
  const why = 'it offered refunds to people who never ordered';
  story.line('ruth', `halts the agent ${record.agent}: "${why}"`);
  const { halt } = await house.as('ruth').halts.set({ scope: 'agent', target: record.agent, why });
  await decideInVain(scene, 'amira', refund, { decision: 'approve', why: 'a loose cable' }, 'halted');
  story.line('ines', 'lifts it: "those were test orders" (another person, of another role)');
  await house.as('ines').halts.lift(halt, { why: 'those were test orders' });
  const again = await asked(scene, 'amira', record);
  await decide(scene, 'amira', again, { decision: 'approve', why: 'a loose cable, and no more than that' });
  await ended(scene, record);
}
