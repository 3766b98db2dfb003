import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { columns } from '../../src/cli/render/layout.js';
import { briefDigest } from '../../src/contract/brief.js';
import { callsOf } from '../../src/store/ledger.js';
import { closeQuestion, type QuestionRow } from '../../src/store/questions.js';
import { closeTask } from '../../src/store/tasks.js';
import { POLICY, TENANT, type Gate } from '../gateway/fixture.js';
import { aBrief, anOpenQuestion, stored } from '../gateway/questions.js';
import { enterableFolder } from '../support/folder.js';
import { serveGate, type Served } from './served.js';
import { DANGEROUS, run } from './terminal.js';

let served: Served;
let gate: Gate;
let tokens: Record<string, string>;
let folder: string;
const as: Served['as'] = (...given) => served.as(...given);

beforeAll(async () => {
  served = await serveGate(['amira', 'joon', 'ruth', 'sven']);
  ({ gate } = served);
  const shop = await gate.token('shop', { kind: 'service', scopes: ['policy', 'tokens'] });
  tokens = Object.assign(served.tokens, { shop });
  folder = enterableFolder('countersign-cli-');
});
beforeEach(() => gate.reset());
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await served.close();
});

const esc = (question: QuestionRow) => `${question.task}:1`;

describe('help', () => {
  it.each(COMMANDS.map((command) => [command.meta.name, command] as const))(
    'of %s tells its options in 80 columns',
    async (name, command) => {
      const { exit, out } = await run([...name.split(' '), '--help']);
      expect(exit).toBe(0);
      for (const [option, spec] of Object.entries(command.options)) {
        expect(out.includes(`--${option}`), option).toBe(spec.hidden !== true);
      }
      for (const argument of command.args) expect(out).toContain(argument.name);
      expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
    },
  );

  // Seen to fail: one help of --yes for every verb.
  it('names --confirm only where it is taken', async () => {
    for (const { meta, options } of COMMANDS) {
      const { out } = await run([...meta.name.split(' '), '--help']);
      expect(out.includes('--confirm'), meta.name).toBe('confirm' in options);
    }
  });

  it('lists every command, and is what no command at all prints', async () => {
    const { exit, out } = await run([]);
    expect(exit).toBe(0);
    for (const { meta } of COMMANDS) expect(out).toContain(`  ${meta.name} `);
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });
});

// Seen to fail: parse without `short`; `help` that knows no command; no words about exit codes in the help of a command.
describe('help by other names', () => {
  it.each([
    ['show', '-h'],
    ['help', 'show'],
    ['show', '--help'],
  ])('%s %s', async (...line) => {
    const { exit, out } = await run(line);
    expect([exit, out]).toEqual([0, (await run(['show', '--help'])).out]);
    expect(out).toContain('  -h, --help ');
    expect(out).toContain('Exit codes: 0 done, 1 internal error, 2 usage');
  });

  it.each([['-h'], ['--help'], ['help'], ['help', '--json'], ['help', 'help']])(
    '%s %s lists the commands',
    async (...line) => {
      expect(await run(line)).toEqual(await run([]));
    },
  );

  it('of a first word tells the commands that begin with it', async () => {
    for (const line of [
      ['audit', '--help'],
      ['help', 'audit'],
    ]) {
      const { exit, out } = await run(line);
      expect([exit, out.match(/^ {2}audit \w+/gm)]).toEqual([0, ['  audit verify', '  audit export']]);
    }
  });

  it.each(['--version', 'version'])('%s tells the version', async (word) => {
    expect((await run([word])).out).toMatch(/^countersign \d+\.\d+\.\d+\n$/);
  });
});

describe('a wrong line', () => {
  const lines: [string, string[], string][] = [
    ['an unknown command', ['shwo'], 'no command shwo'],
    ['help about an unknown one', ['help', 'shwo'], 'no command shwo'],
    ['an unknown option', ['inbox', '--al'], "'--al'"],
    ['a missing argument', ['show'], 'ESC is missing'],
    ['an argument too many', ['show', 'a:1', 'b:1'], 'b:1 is one argument too many'],
    ['a missing reason', ['reject', 'a:1'], '--why is missing'],
    ['a bad number', ['tasks', '--limit', 'x'], '--limit x is not a number'],
    ['a scope that is none', ['halt', 'world', '--why', 'x'], 'world is no scope'],
    ['a halt without target', ['halt', 'agent', '--why', 'x'], 'which agent'],
    ['a file that is not there', ['submit', '/nowhere.json'], '/nowhere.json cannot be read'],
    ['a command of hostile text', ['\u001b[2K'], 'no command ⟨U+001B⟩[2K'],
  ];
  it.each(lines)('%s ends with 2 and says what', async (_name, line, words) => {
    const { exit, err } = await as('amira', line);
    expect([exit, err.includes(words)]).toEqual([2, true]);
    expect(err).not.toMatch(DANGEROUS);
  });
});

describe('reviewing', () => {
  it('goes from the inbox to the decision', async () => {
    const question = await anOpenQuestion(gate, { tier: 4 });
    expect((await as('amira', ['inbox'])).out).toContain(esc(question));
    const shown = await as('amira', ['show', esc(question)]);
    expect(shown.out).toContain('Refund USD 240.00 on order 1182');
    const [, line = ''] =
      /countersign (approve .*) --confirm "\.\.\." --why/.exec(shown.out.replaceAll(/ \\\n\s+/g, ' ')) ?? [];
    const { exit, out } = await as('amira', [
      ...line.split(' '),
      '--confirm',
      'issue_refund',
      '--why',
      'the order was lost',
    ]);
    expect([exit, out.includes('Done')]).toEqual([0, true]);
    expect((await stored(gate, question)).map((row) => [row.verb, row.why])).toEqual([
      ['approve', 'the order was lost'],
    ]);
  });

  it('asks to type the tool of tier 4; without it nothing is decided', async () => {
    const question = await anOpenQuestion(gate);
    expect((await as('amira', ['approve', esc(question), '--why', 'x'])).exit).toBe(2);
    expect((await as('amira', ['approve', esc(question), '--why', 'x'], { answer: 'yes' })).exit).toBe(2);
    expect((await as('amira', ['approve', esc(question), '--why', 'x', '--confirm', 'other'])).exit).toBe(2);
    expect(await stored(gate, question)).toEqual([]);
    expect(
      (await as('amira', ['approve', esc(question), '--why', 'x'], { answer: 'issue_refund' })).exit,
    ).toBe(0);
  });

  // Seen to fail: --yes looked at first; nothing opened.
  it('case 15: opens what is folded before tier 4 is approved; --yes does not stand for the name', async () => {
    const folded = { name: 'orderId', value: '"all is w', bytes: 9_000, folded: true };
    const fullArguments = { orderId: `all is well${' '.repeat(500)}rm -rf /` };
    const brief = aBrief({ arguments: [folded], fullArguments });
    const question = await anOpenQuestion(gate, { brief, briefDigest: briefDigest(brief) });
    expect((await as('amira', ['show', esc(question)])).out).toContain('! folded arguments: 1');
    const line = ['approve', esc(question), '--why', 'x', '--yes'];
    const { exit, out } = await as('amira', line);
    expect([exit, out]).toEqual([2, expect.stringMatching(/rm -rf \//)]);
    expect((await as('amira', [...line, '--confirm', 'issue_refund'])).exit).toBe(0);
  });

  it('refuses to decide another version than the one that was looked at', async () => {
    const question = await anOpenQuestion(gate);
    const { exit, err } = await as('amira', ['reject', esc(question), '--why', 'x', '--version', '2']);
    expect([exit, err.includes('now version 1')]).toEqual([6, true]);
    expect((await as('amira', ['reject', esc(question), '--why', 'x', '--digest', 'ffff'])).exit).toBe(6);
    expect(await stored(gate, question)).toEqual([]);
  });

  it('edits single arguments and keeps the others', async () => {
    const question = await anOpenQuestion(gate);
    const { exit, out } = await as('amira', [
      'edit',
      esc(question),
      '--set',
      'amountCents=100',
      '--why',
      'partial',
      '--confirm',
      'issue_refund',
    ]);
    expect([exit, out]).toEqual([0, expect.stringContaining('with: {"orderId":"1182","amountCents":100}')]);
    const calls = await callsOf(gate.database, TENANT, question.task);
    expect(calls.at(-1)?.args).toEqual({ orderId: '1182', amountCents: 100 });
  });

  it('extends by a span, within what the policy lets', async () => {
    const question = await anOpenQuestion(gate);
    expect((await as('amira', ['extend', esc(question), '--for', '90s', '--why', 'lunch'])).exit).toBe(0);
    expect((await as('amira', ['extend', esc(question), '--for', '9d', '--why', 'holiday'])).exit).toBe(6);
  });

  it('ends with the exit code of the error table', async () => {
    const question = await anOpenQuestion(gate);
    const reject = ['reject', esc(question), '--why', 'x'];
    expect((await as('amira', ['show', 'nothing:1'])).exit).toBe(3);
    expect((await as('ruth', reject)).exit).toBe(4);
    expect((await as('csp_not-a-token-0000', reject)).exit).toBe(4);
    expect((await run(['inbox', '--url', 'http://127.0.0.1:1'])).exit).toBe(4);
    process.env['COUNTERSIGN_TOKEN'] = tokens['amira'];
    expect((await run(['inbox', '--url', 'http://127.0.0.1:1'])).exit).toBe(5);
    gate.tasks.answer.decide = async () => ({ kind: 'pending', sent: true });
    expect((await as('amira', reject)).exit).toBe(7);
  });

  it('rejects for a reason of the list, with words or without, and takes no other', async () => {
    const [bare, words] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    expect((await as('amira', ['reject', esc(bare), '--reason', 'not-needed'])).exit).toBe(0);
    const more = ['reject', esc(words), '--reason', 'wrong-amount', '--why', 'USD 20 is right'];
    expect((await as('amira', more)).exit).toBe(0);
    const said = [...(await stored(gate, bare)), ...(await stored(gate, words))].map(({ why }) => why);
    expect(said).toEqual(['not-needed', 'wrong-amount: USD 20 is right']);
    const other = await as('amira', ['reject', esc(bare), '--reason', 'no']);
    expect([other.exit, other.err]).toEqual([
      2,
      expect.stringContaining('--reason no is none of not-needed'),
    ]);
  });

  it('prints JSON only when asked to, and errors too', async () => {
    const question = await anOpenQuestion(gate);
    const good = await as('amira', ['reject', esc(question), '--why', 'x', '--json']);
    expect(JSON.parse(good.out)).toMatchObject({ verb: 'reject', applied: true });
    const bad = await as('amira', ['show', 'nothing:1', '--json']);
    expect([bad.err, JSON.parse(bad.out)]).toMatchObject(['', { code: 'not-found', exit: 3 }]);
  });
});

describe('other commands', () => {
  it('submit, status, tasks, cancel, result', async () => {
    const request = {
      agent: 'support',
      situation: 'refund',
      action: { tool: 'issue_refund', args: { orderId: '1', amountCents: 5 } },
    };
    const input = JSON.stringify(request);
    const deadline = ['--deadline', '2030-01-01T10:00:00+01:00'];
    const submitted = await as('shop', ['submit', '-', '--task', 'cli-1', ...deadline], { input });
    expect([submitted.exit, submitted.out.includes('cli-1 was started')]).toEqual([0, true]);
    const status = (await as('shop', ['status', 'cli-1'])).out;
    expect([status.includes('RUNNING'), status.includes('2030-01-01 09:00 UTC')]).toEqual([true, true]);
    // Case 22: a time without its zone is another one elsewhere.
    for (const time of ['2030-01-01T10:00:00', '2030-01-01', 'tomorrow'])
      expect((await as('shop', ['submit', '-', '--task', 'cli-3', '--deadline', time], { input })).exit).toBe(
        2,
      );
    expect((await as('shop', ['tasks'])).out).toContain('cli-1');
    expect((await as('shop', ['result', 'cli-1'])).exit).toBe(7);
    expect((await as('shop', ['cancel', 'cli-1', '--why', 'no'])).exit).toBe(0);
    expect(
      (await as('shop', ['submit', '-', '--task', 'cli-2'], { input: '{"agent":"support","agent":"x"}' }))
        .exit,
    ).toBe(2);
  });

  // Seen to fail: 0 for whatever completed.
  it.each([
    ['answered', 'COMPLETED', 0],
    ['taken-over', 'COMPLETED', 0],
    ['rejected', 'COMPLETED', 6],
    ['denied', 'COMPLETED', 6],
    ['answered', 'FAILED', 6],
  ] as const)(
    'result and watch of a call that was %s in a task that %s end with %i',
    async (outcome, state, exit) => {
      const question = await anOpenQuestion(gate);
      const { task } = question;
      await gate.database.transaction((tx) => {
        closeQuestion(tx, question, outcome, 7);
        return closeTask(tx, { tenant: TENANT, task, state, reason: null, detail: '', now: 7 });
      });
      for (const command of ['result', 'watch']) {
        const ended = await as('shop', [command, task]);
        expect([ended.exit, ended.out.includes(outcome)]).toEqual([exit, true]);
      }
    },
  );

  it('halt, halts, lift', async () => {
    const question = await anOpenQuestion(gate);
    const halted = await as('ruth', ['halt', 'task', question.task, '--why', 'odd', '--json']);
    const { halt } = JSON.parse(halted.out) as { halt: string };
    expect((await as('amira', ['halts'])).out).toContain(halt);
    expect((await as('shop', ['status', question.task])).out).toContain(`Halted by    ${halt};`);
    expect((await as('ruth', ['lift', halt, '--why', 'fine'])).exit).toBe(4);
    expect((await as('sven', ['lift', halt, '--why', 'fine'])).exit).toBe(0);
    expect((await as('shop', ['status', question.task])).out).not.toContain('Halted by');
  });

  it('halt doubts the name of an agent that never had a task, and halts it all the same', async () => {
    const { exit, err } = await as('ruth', ['halt', 'agent', 'nihgt', '--why', 'odd']);
    expect([exit, err]).toEqual([0, expect.stringContaining('is that its name?')]);
  });

  // Seen to fail: a line handed to the parser as it is (1 id in 64 begins with a dash).
  it('lift takes an id that begins with a dash', async () => {
    const id = `-${'aB3_'.repeat(10)}x-`;
    expect(id).toHaveLength(43);
    const { exit, err } = await as('sven', ['lift', id, '--why', 'fine']);
    expect([exit, err]).toEqual([3, expect.stringContaining('nothing here')]);
  });

  it('policy check tells the line; policy activate puts in force', async () => {
    const file = join(folder, 'policy.yaml');
    writeFileSync(file, POLICY.replace('director }', 'nobody }'));
    const bad = await run(['policy', 'check', file]);
    expect([bad.exit, /policy\.yaml:\d+:\d+: /.test(bad.out)]).toEqual([2, true]);
    writeFileSync(file, `${POLICY}# cli\n`);
    expect((await run(['policy', 'check', file])).exit).toBe(0);
    expect((await as('shop', ['policy', 'activate', file])).exit).toBe(0);
    expect((await as('amira', ['policy', 'activate', file])).exit).toBe(4);
  });

  it('token create, list, revoke', async () => {
    const made = await as('shop', ['token', 'create', '--kind', 'personal', '--subject', 'amira', '--json']);
    const { id } = JSON.parse(made.out) as { id: string };
    expect((await as('shop', ['token', 'list'])).out).toContain(id);
    expect((await as('shop', ['token', 'revoke', id])).exit).toBe(0);
  });

  it('audit export and verify, from the gateway and from the bundle; a changed entry is named', async () => {
    const question = await anOpenQuestion(gate);
    expect((await as('amira', ['audit', 'verify', question.task])).exit).toBe(0);
    const out = join(folder, 'bundle.json');
    expect((await as('amira', ['audit', 'export', question.task, '--out', out])).exit).toBe(0);
    expect((await run(['audit', 'verify', question.task, '--bundle', out])).exit).toBe(0);
    writeFileSync(
      out,
      readFileSync(out, 'utf8').replace('\\"agent\\":\\"support\\"', '\\"agent\\":\\"another\\"'),
    );
    const bad = await run(['audit', 'verify', question.task, '--bundle', out]);
    expect([bad.exit, bad.out.includes(`${TENANT}/${question.task} number 1: edited`)]).toEqual([6, true]);
  });
});
