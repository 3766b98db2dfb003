import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { drawnTerminal, plainTerminal } from '../../src/cli/prompts.js';
import { columns } from '../../src/cli/render/layout.js';
import { briefDigest } from '../../src/contract/brief.js';
import { settleDecisions } from '../../src/store/decisions.js';
import { closeQuestion, type QuestionRow } from '../../src/store/questions.js';
import { TENANT } from '../gateway/fixture.js';
import { about, aBrief, anOpenQuestion, decide, stored } from '../gateway/questions.js';
import { waitFor } from '../support/wait.js';
import { HOSTILE } from './hostile.js';
import { serveGate, type Served } from './served.js';
import { DANGEROUS, type Typing } from './terminal.js';

let served: Served;
beforeAll(async () => {
  served = await serveGate(['amira', 'joon', 'ruth']);
});
beforeEach(async () => {
  served.gate.reset();
  await served.gate.database.query(`update questions set status = 'closed'`, []);
});
afterAll(() => served.close());

const esc = ({ task }: QuestionRow) => `${task}:1`;
const review = (typed: Typing = {}, ...more: string[]) => served.as('amira', ['review', ...more], typed);

/** Colours, cursor moves and the return of the line. */
const DRAWING = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]|\\r`, 'g');

async function said(question: QuestionRow): Promise<readonly string[]> {
  return (await stored(served.gate, question)).map(({ verb, why }) => `${verb}: ${why}`);
}

describe('review', () => {
  // Seen to fail: the name of the tool not asked for.
  it('goes through the inbox, and a decision takes its key, the name at tier 4, and a reason', async () => {
    const first = await anOpenQuestion(served.gate);
    const second = await anOpenQuestion(served.gate);
    const { exit, out } = await review({
      typed: ['a', 'issue_refund', 'the order was lost', 'r', '4', 'paid twice'],
    });
    expect(exit).toBe(0);
    expect(await said(first)).toEqual(['approve: the order was lost']);
    expect(await said(second)).toEqual(['reject: not-shown: paid twice']);
    expect(out).toContain('4  not-shown: The evidence does not show it');
    expect(out).toContain('Question 1 of 2');
    expect(out).toContain('Refund USD 240.00 on order 1182');
    expect(out).toContain(`\n  countersign status ${first.task}\n`);
    expect(out).toMatch(/Nothing more waits for you\.\n$/);
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });

  // Seen to fail: any name taken.
  it.each([
    ['Enter alone', ['', '\r', '\n', 'q']],
    ['the key without a reason', ['a', 'issue_refund', '', 'q']],
    ['another name than the tool’s', ['a', 'refund', 'x', 'q']],
    ['Esc at the reason', ['r', async () => undefined, 'q']],
    ['another key than a reason has', ['r', '9', 'q']],
    ['Esc at the words of a refusal', ['r', '4', async () => undefined, 'q']],
    ['the other keys', ['j', 'k', 'o', '?', 's']],
    ['leaving', []],
  ])('decides nothing by %s', async (_how, typed) => {
    const question = await anOpenQuestion(served.gate);
    expect((await review({ typed })).exit).toBe(0);
    expect(await said(question)).toEqual([]);
  });

  it('moves with j and k, around the ends', async () => {
    const questions = [await anOpenQuestion(served.gate), await anOpenQuestion(served.gate)];
    const { out } = await review({ typed: ['j', 'k', 'k', 'j', 'q'] });
    expect(out.match(/Question \d of 2/g)).toEqual([1, 2, 1, 2, 1].map((at) => `Question ${at} of 2`));
    for (const question of questions) expect(out).toContain(esc(question));
  });

  it('opens every argument with o, and names the commands of what needs more than a key with ?', async () => {
    const question = await anOpenQuestion(served.gate);
    const { out } = await review({ typed: ['o', '?', 'q'] });
    expect(out).toContain('"amountCents": 24000');
    expect(out).toContain(`  countersign edit ${esc(question)} --help`);
  });

  // Seen to fail: the old version decided, or the new one not shown.
  it('fault: shows what changed meanwhile and asks again', async () => {
    const question = await anOpenQuestion(served.gate);
    const change = async () => {
      await served.gate.database.query('update questions set round = 2 where task = $1', [question.task]);
      return 'paid twice';
    };
    const { exit, out } = await review({ typed: ['r', '4', change, 'r', '4', 'paid twice all the same'] });
    expect(exit).toBe(0);
    expect(out).toContain('The question has changed');
    expect(out).toContain('version 2');
    expect(await said(question)).toEqual(['reject: not-shown: paid twice all the same']);
  });

  it('tells why one may not, before anything is asked', async () => {
    const question = await anOpenQuestion(served.gate, { requester: 'amira' });
    const { out } = await review({ typed: ['a', 'q'] });
    expect(out).toContain('You may not approve this.');
    expect(await said(question)).toEqual([]);
  });

  // Seen to fail: such a question taken for undecided; what the gateway told not printed; a closed question taken for open by the gateway.
  it('tells who was first with what, stores nothing more, and goes on with the next question', async () => {
    const first = await anOpenQuestion(served.gate);
    const second = await anOpenQuestion(served.gate);
    const rival = async () => {
      const words = { ...about(first, 'reject'), why: 'lost twice' };
      const { json } = await decide(served.gate, first, served.tokens['joon'] ?? '', words);
      await served.gate.database.transaction(async (tx) => {
        settleDecisions(tx, { tenant: TENANT, ids: [json.decision], now: 1 });
        closeQuestion(tx, first, 'reject', 1);
      });
      return 'the order was lost';
    };
    const { exit, out } = await review({ typed: ['a', 'issue_refund', rival, 'r', '4', 'paid twice'] });
    expect(exit).toBe(0);
    expect(out).toContain('joon was first: reject.');
    expect(await said(first)).toEqual(['reject: lost twice']);
    expect(await said(second)).toEqual(['reject: not-shown: paid twice']);
    expect(out.match(/Question \d of \d/g)).toEqual(['Question 1 of 2', 'Question 1 of 1']);
    expect(out).toMatch(/Nothing more waits for you\.\n$/);
  });

  it('answers the agent', async () => {
    const question = await anOpenQuestion(served.gate);
    await review({ typed: ['p', 'Ask the shop.', 'they know'] });
    expect(await stored(served.gate, question)).toMatchObject([{ verb: 'respond', result: 'Ask the shop.' }]);
  });

  it('without a terminal tells how to do the same, and ends with 2', async () => {
    const { exit, err } = await review({ errorWidth: 80 });
    expect(exit).toBe(2);
    for (const part of ['countersign inbox', 'countersign show ESC', 'countersign review --json'])
      expect(err).toContain(part);
    expect(Math.max(...err.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });

  it('--json prints each question on a line of its own', async () => {
    const questions = [await anOpenQuestion(served.gate), await anOpenQuestion(served.gate)];
    const { exit, out } = await review({}, '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { escalation: string });
    expect([exit, lines.map(({ escalation }) => escalation).toSorted()]).toEqual([
      0,
      questions.map(esc).toSorted(),
    ]);
  });

  it.each(HOSTILE)('attacks 1-6: shows %s', async (_name, text) => {
    const brief = aBrief({ proposal: text, request: text, agentText: text });
    await anOpenQuestion(served.gate, { brief, briefDigest: briefDigest(brief) });
    const { out } = await review({ typed: ['o', '?', 'r', '', 'q'] });
    expect(out).toContain('⟨U+');
    expect(out).not.toMatch(DANGEROUS);
  });
});

describe('a prompt', () => {
  const opened = (make: typeof drawnTerminal) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    Object.assign(output, { isTTY: true, columns: 80, rows: 24 });
    let written = '';
    output.on('data', (chunk: Buffer) => void (written += chunk.toString()));
    return { input, terminal: make(input, output), written: () => written };
  };

  // Seen to fail: the question handed to the prompt as it came.
  it.each(
    HOSTILE.flatMap(([name, text]) =>
      [drawnTerminal, plainTerminal].map((make) => [name, make.name, text, make] as const),
    ),
  )('attacks 1-6: %s reaches no terminal through %s', async (_name, _make, text, make) => {
    const { input, terminal, written } = opened(make);
    const typed = terminal.line(`Why ${text}?`);
    await waitFor(async () => (written().includes('Why') ? true : undefined));
    input.write('because\r\n');
    expect(await typed).toBe('because');
    // What the prompt itself draws with are colours and cursor moves, and nothing else that is hidden.
    expect(written().replaceAll(DRAWING, '')).not.toMatch(DANGEROUS);
    expect(written()).not.toContain(text);
  });

  it('hears single keys, and leaves on Esc, Ctrl-C and the end of the input', async () => {
    for (const [typed, key] of [
      ['a', 'a'],
      ['\u0003', undefined],
    ] as const) {
      const { input, terminal } = opened(drawnTerminal);
      const pressed = terminal.key();
      input.write(typed);
      expect(await pressed).toBe(key);
    }
    const { input, terminal } = opened(drawnTerminal);
    const pressed = terminal.key();
    input.end();
    expect(await pressed).toBeUndefined();
  });

  it('takes whole lines where nothing may be drawn, and nothing that was typed ahead', async () => {
    const { input, terminal, written } = opened(plainTerminal);
    const pressed = terminal.key();
    input.write('approve\nissue_refund\n');
    expect(await pressed).toBe('a');
    expect(written()).toBe('Key, then Enter: ');
    const line = terminal.line('Why?');
    input.write('x\n');
    expect(await line).toBe('x');
  });
});
