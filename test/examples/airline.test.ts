import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolFailure } from 'countersign';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tools } from '../../examples/airline/tools.js';
import { readRuns, countInput } from '../../scripts/support/recorded-runs.js';
import { toolFacts } from '../../src/contract/tool.js';
import type { RunContext } from '../../src/contract/tool-definition.js';
import type { Json } from '../../src/domain/action.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import { checkPolicy } from '../../src/policy/check.js';
import { skipUnless } from '../support/stack.js';
import { aRunLine, BOOKING } from './recorded-lines.js';

const byName = new Map(tools.map((tool) => [tool.name, tool]));
const tierOf = (name: string) => byName.get(name)?.tier ?? 4;
const toolOf = (name: string) => byName.get(name) ?? expect.fail(`no tool ${name}`);

describe('the airline example', () => {
  it('has a policy without problems or warnings for its tools', () => {
    const source = readFileSync(new URL('../../examples/airline/policy.yaml', import.meta.url), 'utf8');
    const { usable, problems, warnings } = checkPolicy(source, tools.map(toolFacts));
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(usable).not.toBeNull();
  });

  it('has reads and thoughts in tier 1, handing over in 2, changes in 3, bookings and cancellations in 4', () => {
    const named = (tier: number) => tools.filter((tool) => tool.tier === tier).map((tool) => tool.name);
    expect(named(2)).toEqual(['transfer_to_human_agents']);
    expect(named(3)).toEqual([
      'update_reservation_flights',
      'update_reservation_baggages',
      'update_reservation_passengers',
      'send_certificate',
    ]);
    expect(named(4)).toEqual(['book_reservation', 'cancel_reservation']);
    expect(named(1)).toHaveLength(7);
  });

  it('takes a booking as recorded, says what it costs, and refuses a booking with anything more or wrong', () => {
    const booking = toolOf('book_reservation');
    expect(booking.parseArgs(BOOKING)).toEqual({ args: BOOKING });
    expect(booking.impact(BOOKING)).toEqual({ money: { minor: 25_500, currency: 'USD' } });
    expect(booking.describe(BOOKING)).toContain('AAA101 on 2026-05-20');
    expect(booking.parseArgs({ ...BOOKING, seat: '12A' })).toHaveProperty('problems');
    expect(booking.parseArgs({ ...BOOKING, cabin: 'first' })).toHaveProperty('problems');
  });

  describe('from a recording', () => {
    let dir: string;
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), 'countersign-airline-'));
      process.env['AIRLINE_RECORDING'] = join(dir, 'recording.json');
      process.env['AIRLINE_EFFECTS'] = join(dir, 'effects.jsonl');
      const calls = [
        { tool: 'think', result: '' },
        { tool: 'cancel_reservation', result: 'Error: too late' },
      ];
      writeFileSync(join(dir, 'recording.json'), JSON.stringify({ 'run-1': calls }));
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));
    const aCall = (operation: number): RunContext => ({
      idempotencyKey: `key-${operation}`,
      signal: new AbortController().signal,
      tenant: 'default' as TenantId,
      task: 'run-1' as TaskId,
      operation,
    });

    it('answers as it was answered, an error too, and writes one line for each effect', async () => {
      expect(await toolOf('think').run({ thought: 'hm' }, aCall(1))).toBe('');
      expect(await toolOf('cancel_reservation').run({ reservation_id: 'ABC123' }, aCall(2))).toBe(
        'Error: too late',
      );
      const lines = readFileSync(join(dir, 'effects.jsonl'), 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line) as Json)).toEqual([
        { key: 'key-1', tool: 'think', task: 'run-1', operation: 1 },
        { key: 'key-2', tool: 'cancel_reservation', task: 'run-1', operation: 2 },
      ]);
    });

    it('does nothing for a call that was never made', async () => {
      const size = existsSync(join(dir, 'effects.jsonl'))
        ? readFileSync(join(dir, 'effects.jsonl'), 'utf8')
        : '';
      const thrown: unknown = await toolOf('think')
        .run({ thought: 'again' }, aCall(2))
        .catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(ToolFailure);
      expect(
        existsSync(join(dir, 'effects.jsonl')) ? readFileSync(join(dir, 'effects.jsonl'), 'utf8') : '',
      ).toBe(size);
    });
  });
});

describe('counting a file of recorded runs', () => {
  it('counts calls by tier, and a write as right once for each time it is expected, whatever the order of keys and the form of numbers', () => {
    const cancel = { tool: 'cancel_reservation', args: { reservation_id: 'ABC123' }, result: 'ok' };
    const certificate = '{"tool":"send_certificate","args":{"amount":50.0,"user_id":"u_1"},"result":"sent"}';
    const text = [
      aRunLine({
        steps: [
          { user: 'hello' },
          { tool: 'think', args: { thought: 'x' }, result: '' },
          cancel,
          { say: 'done' },
          cancel,
        ],
        expected_actions: [{ tool: 'cancel_reservation', args: { reservation_id: 'ABC123' } }],
      }),
      '',
      `{"instruction":"i","steps":[${certificate}],"expected_actions":[{"tool":"send_certificate","args":{"user_id":"u_1","amount":50}}]}`,
      aRunLine({ steps: [{ tool: 'unheard_of', args: {}, result: null }], expected_actions: [] }),
    ].join('\n');
    expect(countInput(readRuns(text), tierOf)).toEqual({
      runs: 3,
      calls: { tier1: 1, tier2: 0, tier3: 1, tier4: 3 },
      rightWrites: 2,
      wrongWrites: 2,
    });
  });

  it.each([
    ['broken JSON', '{"instruction": "i", ', /^line 2: \$ not JSON/],
    [
      'a step of no known kind',
      aRunLine({ steps: [{ tols: 'x' } as never] }),
      /^line 2: \$\.steps\[0\] is none of/,
    ],
    [
      'arguments that are no object',
      aRunLine({ expected_actions: [{ tool: 't', args: [] as never }] }),
      /^line 2: \$\.expected_actions\[0\]\.args must be an object/,
    ],
    ['a missing field', '{"instruction": "i", "steps": []}', /^line 2: \$\.expected_actions /],
  ])('names the line of %s', (_what, bad, message) => {
    expect(() => readRuns(`${aRunLine({})}\n${bad}\n${aRunLine({})}`)).toThrow(message);
  });

  it('refuses an empty file', () => {
    expect(() => readRuns('\n')).toThrow(/holds no run/);
  });
});

describe('the recorded airline runs beside the checkout', () => {
  const file = new URL('../../../shared/data/airline-runs.jsonl', import.meta.url);
  skipUnless(
    existsSync(file),
    'the recorded runs (../shared/data/airline-runs.jsonl) are not beside the checkout',
  );

  it('count 121 writes, 46 right and 75 wrong, and every recorded call fits its tool', () => {
    const runs = readRuns(readFileSync(file, 'utf8'));
    expect(countInput(runs, tierOf)).toEqual({
      runs: 100,
      calls: { tier1: 429, tier2: 22, tier3: 66, tier4: 55 },
      rightWrites: 46,
      wrongWrites: 75,
    });
    for (const { tool, args } of runs.flatMap((run) => run.calls)) {
      expect(toolOf(tool).parseArgs(args), tool).toEqual({ args });
    }
  });
});
