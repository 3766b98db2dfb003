import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTool, ToolFailure } from 'countersign';
import { fakeGate, isIdempotent, scripted, testPolicy, undoes } from 'countersign/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevShop } from '../../examples/support/dev-shop.js';
import { openShop, type Shop } from '../../examples/support/shop.js';
import { tickets } from '../../examples/support/tickets.js';
import * as exported from '../../examples/support/tools.js';
import { toolFacts } from '../../src/contract/tool.js';
import type { RunContext } from '../../src/contract/tool-definition.js';
import type { Json } from '../../src/domain/action.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import { checkPolicy } from '../../src/policy/check.js';
import { testFolder } from '../support/folder.js';
import { testDatabase } from '../support/stack.js';

const tools = new Map(
  Object.values(exported)
    .filter(isTool)
    .map((tool) => [tool.name, tool]),
);
const toolOf = (name: string) => tools.get(name) ?? expect.fail(`no tool ${name}`);
const aCall = (key: string, signal = new AbortController().signal): RunContext => ({
  idempotencyKey: key,
  signal,
  tenant: 'default' as TenantId,
  task: 'a-task' as TaskId,
  operation: 1,
});
const fileOf = (name: string) =>
  readFileSync(new URL(`../../examples/support/${name}`, import.meta.url), 'utf8');
const refund = (orderId: string, amountCents: number) => ({ orderId, amountCents, currency: 'USD' });

describe('the shop under countersign dev', () => {
  it('is a database of its own beside the stack, made once', async ({ skip }) => {
    const foreign = process.env['COUNTERSIGN_TEST_DATABASE_URL'] !== undefined;
    skip(foreign, 'it would leave a database behind on a server that is not of this run');
    const { hostname: host, port, password } = new URL((await testDatabase()).url);
    const folder = testFolder();
    writeFileSync(join(folder, 'stack.json'), JSON.stringify({ database: { host, port: Number(port) } }));
    writeFileSync(join(folder, 'postgres.password'), `${password}\n`);
    const shops = [openDevShop(folder), openDevShop(folder)];
    const orders = await Promise.all(shops.map((shop) => shop.order('1182')));
    expect(orders.map((order) => order?.id)).toEqual(['1182', '1182']);
    const [one] = await Promise.all(shops.map((shop) => shop.query('select current_database() as name')));
    expect(one).toEqual([{ name: 'shop' }]);
    await Promise.all(shops.map((shop) => shop.close()));
  });

  it('says what to set where there is none', () => {
    expect(() => openDevShop(testFolder())).toThrow('set SHOP_DATABASE_URL');
  });
});

describe('the support example', () => {
  let shop: Shop;
  beforeAll(async () => {
    const { url } = await testDatabase();
    process.env['SHOP_DATABASE_URL'] = url;
    shop = openShop(url);
  });
  afterAll(() => shop.close());

  it('has a policy without problems or warnings for its tools', () => {
    const { usable, problems, warnings } = checkPolicy(
      fileOf('policy.yaml'),
      [...tools.values()].map(toolFacts),
    );
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(usable).toMatchObject({ agents: 2, roles: 3 });
  });

  it('has a policy that says of its cases what they expect, every rule shown firing and silent', () => {
    const report = testPolicy({
      policy: fileOf('policy.yaml'),
      cases: fileOf('cases.yaml'),
      tools: exported,
    });
    expect(report.outcomes.length).toBeGreaterThan(35);
  });

  it('refunds through the gate what the supervisor approved, and nothing that finance left unanswered', async () => {
    const review = scripted({ by: 'amira', verb: 'approve', why: 'the hopper is cracked', after: '20m' });
    const gate = fakeGate({ policy: fileOf('policy.yaml'), tools: exported, review });
    const ask = {
      agent: 'support',
      tool: 'issue_refund',
      situation: 'refund',
      readings: { ...tickets.lamp.readings },
    };
    const small = await gate.propose({ ...ask, args: refund('1190', 15_000) });
    expect(small).toMatchObject({ outcome: 'executed', decision: { by: 'amira' } });
    const large = await gate.propose({ ...ask, args: refund('1215', 620_000) });
    expect([large.outcome, large.questions.map(({ role }) => role)]).toEqual([
      'unanswered',
      ['finance_lead', 'support_director'],
    ]);
    expect(await shop.order('1190')).toMatchObject({ refundedCents: 15_000 });
    expect(await shop.order('1215')).toMatchObject({ refundedCents: 0 });
  });

  it('proposes in its twenty tickets only calls that fit the tools', () => {
    expect(Object.keys(tickets)).toHaveLength(20);
    const steps = Object.values(tickets).flatMap(
      ({ planner }) => planner.input as never as { steps: { calls: { tool: string; args: Json }[] }[] },
    );
    const calls = steps.flatMap(({ steps: list }) => list.flatMap((step) => step.calls));
    for (const { tool, args } of calls) expect(toolOf(tool).parseArgs(args), tool).toEqual({ args });
  });

  it('has its tables made once by whoever comes first', async () => {
    const url = process.env['SHOP_DATABASE_URL'] ?? '';
    const shops = [openShop(url), openShop(url), openShop(url)];
    const orders = await Promise.all(shops.map((one) => one.order('1182')));
    await Promise.all(shops.map((one) => one.close()));
    for (const order of orders) expect(order).toMatchObject({ totalCents: 24_000, refundedCents: 0 });
  });

  it('refunds once for a key, however often it is called', async () => {
    const tool = toolOf('issue_refund');
    await tool.run(refund('1182', 10_000), aCall('key-a'));
    await tool.run(refund('1182', 10_000), aCall('key-a'));
    await tool.run(refund('1182', 5_000), aCall('key-b'));
    expect(await shop.order('1182')).toMatchObject({ refundedCents: 15_000, revision: 3 });
    const counted = await shop.query(
      `select key, calls, effects from shop.effects where key in ('key-a', 'key-b') order by key`,
    );
    expect(counted).toEqual([
      { key: 'key-a', calls: 2, effects: 1 },
      { key: 'key-b', calls: 1, effects: 1 },
    ]);
  });

  it('refuses definitely what would pay back more than was paid, and leaves nothing behind', async () => {
    const thrown: unknown = await toolOf('issue_refund')
      .run(refund('1204', 9_501), aCall('key-c'))
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ToolFailure);
    expect(await shop.order('1204')).toMatchObject({ refundedCents: 0, revision: 1 });
    expect(await shop.query(`select effects from shop.effects where key = 'key-c'`)).toEqual([
      { effects: 0 },
    ]);
  });

  it('shows a refund before and after with its evidence, and another fingerprint once the order changed', async () => {
    const tool = toolOf('issue_refund');
    const { signal } = aCall('x');
    const before = await tool.fingerprint?.(refund('1211', 9_000), { signal });
    const preview = await tool.preview?.(refund('1211', 20_000), { signal });
    expect(preview).toMatchObject({
      diff: [{ field: 'refunded on order 1211', before: 'USD 0.00', after: 'USD 200.00' }],
      evidence: [{ what: 'order 1211: floor lamp, USD 180.00, delivered', source: 'shop.orders' }],
    });
    expect(preview?.unknowns).toHaveLength(1);
    await tool.run(refund('1211', 1_000), aCall('key-d'));
    expect(await tool.fingerprint?.(refund('1211', 9_000), { signal })).not.toBe(before);
  });

  it('cancels an order without honouring keys, so its tool declares none', async () => {
    const tool = toolOf('cancel_order');
    expect(tool.keyLifetimeMs).toBeNull();
    await shop.query(`update shop.orders set answer_ms = 0 where id = '1243'`);
    await tool.run({ orderId: '1243' }, aCall('key-e'));
    expect(await shop.order('1243')).toMatchObject({ status: 'cancelled' });
    const again: unknown = await tool
      .run({ orderId: '1243' }, aCall('key-e'))
      .catch((error: unknown) => error);
    expect(again).toBeInstanceOf(ToolFailure);
  });

  it('answers slowly after the effect, and is cut off by the deadline as an unknown', async () => {
    const deadline = AbortSignal.timeout(300);
    const thrown: unknown = await toolOf('issue_refund')
      .run(refund('1242', 36_000), aCall('key-f', deadline))
      .catch((error: unknown) => error);
    expect(thrown).not.toBeInstanceOf(ToolFailure);
    expect(await shop.order('1242')).toMatchObject({ refundedCents: 36_000 });
  });

  it('recalls a queued reply until it leaves, and says so once it left', async () => {
    const tool = toolOf('queue_reply');
    const queued = { orderId: '1261', body: 'Dear Cho' };
    const waiting = () =>
      shop.query(`select count(*)::int as n from shop.replies where state = 'queued' and leaves_at > now()`);
    expect(await undoes(tool, queued, { state: waiting })).toBe(true);
    const result = await tool.run(queued, aCall('key-g'));
    expect(tool.checkOutput(result)).toBeNull();
    await shop.query(`update shop.replies set leaves_at = now() where key = 'key-g'`);
    const late: unknown = await Promise.resolve(tool.undo?.(queued, result, aCall('key-g-undo'))).catch(
      (error: unknown) => error,
    );
    expect(late).toMatchObject({ code: 'too-late' });
  });

  it('takes back a draft and a voucher by what they returned', async () => {
    const drafts = () => shop.query(`select count(*)::int as n from shop.replies where state = 'draft'`);
    const draft = { orderId: '1001', body: 'Dear Ada' };
    expect(await undoes(toolOf('draft_reply'), draft, { state: drafts })).toBe(true);
    const vouchers = () =>
      shop.query(`select sum(amount_cents)::int as sum from shop.vouchers where not revoked`);
    expect(await undoes(toolOf('give_voucher'), refund('1001', 1_500), { state: vouchers })).toBe(true);
  });

  it.each([
    ['issue_refund', refund('1250', 1_000), `select refunded_cents from shop.orders where id = '1250'`],
    ['give_voucher', refund('1250', 1_000), `select count(*)::int as n from shop.vouchers`],
    [
      'queue_reply',
      { orderId: '1250', body: 'Dear Ben' },
      `select count(*)::int as n from shop.replies where state = 'queued'`,
    ],
    [
      'send_reply',
      { orderId: '1250', to: 'ben@example.com', body: 'Dear Ben' },
      `select count(*)::int as n from shop.replies`,
    ],
    [
      'update_address',
      { customer: 'c-ben', address: '1 Pier, Cork' },
      `select address from shop.customers where id = 'c-ben'`,
    ],
  ])('%s has one effect under one key', async (name, args, effects) => {
    expect(await isIdempotent(toolOf(name), args, { effects: () => shop.query(effects) })).toBe(true);
  });

  it('names an address that is not the customer’s as unknown before a mail is sent', async () => {
    const mail = { orderId: '1182', to: 'somebody@example.com', body: 'Hello' };
    const { signal } = aCall('x');
    expect((await toolOf('send_reply').preview?.(mail, { signal }))?.unknowns).toEqual([
      "somebody@example.com is not the address of this order's customer (ben@example.com)",
    ]);
  });

  it('keeps its tables in a schema of its own', async () => {
    const client = new pg.Client({ connectionString: process.env['SHOP_DATABASE_URL'] });
    await client.connect();
    const { rows } = await client.query(
      `select tablename from pg_tables where schemaname = 'shop' order by 1`,
    );
    await client.end();
    expect(rows.map((row: { tablename: string }) => row.tablename)).toEqual([
      'customers',
      'effects',
      'orders',
      'refunds',
      'replies',
      'vouchers',
    ]);
  });
});
