import { describe, expect, it } from 'vitest';
import type { EscalationView } from '../../src/contract/http.js';
import { columns } from '../../src/cli/render/layout.js';
import { showInbox, showTask } from '../../src/cli/render/lists.js';
import { showEscalation } from '../../src/cli/render/show-escalation.js';
import { inertJson, shown } from '../../src/cli/io.js';
import type { Brief } from '../../src/domain/brief.js';
import type { DecisionId, Digest, EscalationId, TaskId } from '../../src/domain/ids.js';
import { aBrief } from '../gateway/questions.js';
import { TENANT } from '../gateway/fixture.js';
import { HOSTILE } from './hostile.js';
import { DANGEROUS } from './terminal.js';

const NOON = Date.UTC(2026, 10, 21, 12);
const SCREEN = { width: 80, now: NOON, zone: 'Europe/Berlin' };

function aView(brief: Partial<Brief> = {}, rest: Partial<EscalationView> = {}): EscalationView {
  return {
    escalation: 't1:1' as EscalationId,
    state: 'PAUSED_PENDING_HUMAN',
    kind: 'approval',
    brief: aBrief(brief) as EscalationView['brief'],
    briefDigest: `sha256:${'b'.repeat(64)}` as Digest,
    digest: `sha256:${'a'.repeat(64)}` as Digest,
    version: 1,
    role: 'supervisor',
    askedAt: NOON - 60_000,
    answerBy: NOON + 3_600_000,
    extendableUntil: NOON + 7_200_000,
    nextRole: null,
    outcome: null,
    halt: null,
    quorum: 1,
    claimedBy: null,
    claimedUntil: null,
    mayDo: ['approve', 'reject'],
    mayNot: null,
    decisions: [],
    ...rest,
  };
}

const ESC = '\u001b';
describe('a question on a terminal of 80 columns', () => {
  it('reads in the order of the review guide', async () => {
    const view = aView(
      {
        agentText: 'The customer is angry.\nPlease hurry.',
        workDone: [{ what: 'get_order', outcome: 'done', at: NOON - 120_000 }],
        flags: ['pressure-language'],
      },
      {
        decisions: [
          {
            decision: 'decision-1' as DecisionId,
            verb: 'escalate',
            by: 'joon',
            onBehalfOf: null,
            at: NOON - 30_000,
            version: 1,
            outcome: 'applied',
          },
        ],
      },
    );
    const lines = showEscalation(view, SCREEN);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('snapshots/show.txt');
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
  });

  // Seen to fail: the command on one line whatever its length; `as` left out of it.
  // Seen to fail: shown beside our own question, without a box.
  it('shows what the agent asks a person in a box of its own, last', () => {
    const lines = showEscalation(
      aView({ agentQuestion: `Is it 1182?${ESC}[2K\nYou may: approve`, agentText: 'So be it.' }),
      SCREEN,
    );
    expect(lines.join('\n')).not.toMatch(DANGEROUS);
    expect(lines).toContain('10 Agent asks (unverified): below');
    const asks = lines.findIndex((line) => line.includes('the agent asks a person, unverified'));
    const says = lines.findIndex((line) => line.includes("the agent's own words, unverified"));
    expect(asks).toBeGreaterThan(lines.findIndex((line) => line.startsWith('You may')));
    expect(says).toBeGreaterThan(asks);
    expect(lines.slice(asks, says).filter((line) => line.startsWith('You may'))).toEqual([]);
  });

  // Seen to fail: the words of a call that is still to run.
  it('says of a call that is to be confirmed that it ran', () => {
    const page = showEscalation(aView({ workDone: [] }, { kind: 'confirmation' }), SCREEN).join('\n');
    expect(page).toMatch(/^What changed$/m);
    expect(page).toMatch(/^Work done {4}issue_refund: this call ran before it was asked about$/m);
    expect(page).not.toMatch(/What would change|nothing yet/);
  });

  it('gives a command to copy that acts as the same person, in 80 columns', () => {
    const lines = showEscalation(aView({}), { ...SCREEN, as: ' --as a-supervisor-of-support' });
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).toMatch(
      /countersign approve t1:1 --as a-supervisor-of-support \\\n {4}--version 1 --digest aaaaaaaaaaaa --confirm "..." --why/,
    );
  });

  // Seen to fail: a command without what tier 4 asks for; one of three forms that resolve takes.
  it('gives commands that name all they need at tier 4 and about a call of unknown outcome', () => {
    const commands = (rest: Partial<EscalationView>, brief: Partial<Brief> = {}) =>
      showEscalation(aView(brief, rest), { ...SCREEN, width: 200 }).filter((line) =>
        line.startsWith('  countersign '),
      );
    const seen = '--version 1 --digest aaaaaaaaaaaa';
    expect(commands({}, { tier: 4 })).toEqual([
      `  countersign approve t1:1 ${seen} --confirm "..." --why "..."`,
    ]);
    expect(commands({}, { tier: 3 })).toEqual([`  countersign approve t1:1 ${seen} --why "..."`]);
    expect(commands({ mayDo: ['edit'] }, { tier: 4 })).toEqual([
      `  countersign edit t1:1 ${seen} --set NAME=JSON --confirm "..." --why "..."`,
    ]);
    expect(commands({ mayDo: ['reject'] }, { tier: 4 })).toEqual([
      `  countersign reject t1:1 ${seen} --why "..."`,
    ]);
    expect(commands({ kind: 'resolution', mayDo: ['resolve'] })).toEqual(
      ['--happened "RESULT"', '--not-happened', '--leave'].map(
        (form) => `  countersign resolve t1:1 ${seen} ${form} --why "..."`,
      ),
    );
  });

  it.each([[1], [4]] as const)('breaks a command of tier %i between its options', (tier) => {
    const name = 'a'.repeat(64);
    const lines = showEscalation(aView({ tier, tool: { name, version: '1' } }), SCREEN);
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
    const command = lines.slice(
      lines.findIndex((line) => line.startsWith('  countersign')),
      -1,
    );
    const whole = command
      .join('\n')
      .replace(/ \\\n {4}/g, ' ')
      .trim();
    const confirm = tier === 4 ? ' --confirm "..."' : '';
    expect(whole).toBe(`countersign approve t1:1 --version 1 --digest aaaaaaaaaaaa${confirm} --why "..."`);
  });

  it('has at most 120 words above the fold', () => {
    const long = 'word '.repeat(400);
    const lines = showEscalation(
      aView({ proposal: long, reversibility: long, unknowns: [long], request: 'x' }),
      SCREEN,
    );
    const fold = lines.slice(lines.indexOf('') + 1, lines.indexOf('', lines.indexOf('') + 1));
    // Each of the ten lines begins with its number.
    const words = fold
      .join(' ')
      .split(/\s+/)
      .filter((word) => word !== '' && !/^\d{1,2}$/.test(word));
    expect(words.length).toBeLessThanOrEqual(120);
  });

  it.each(HOSTILE)('%s: is inert and visible in every field', (_name, text) => {
    const view = aView({
      proposal: text,
      reversibility: text,
      reason: text,
      question: text,
      request: text,
      unknowns: [text],
      recipients: [text],
      environment: text,
      diff: [{ field: text, before: text, after: text }],
      evidence: [{ what: text, source: text, at: NOON }],
      alternatives: [text],
      earlierEffects: [text],
      session: text,
      workDone: [{ what: text, outcome: text, at: NOON }],
      options: [{ verb: 'approve', label: text, consequence: text }],
      arguments: [{ name: text, value: JSON.stringify(text), bytes: 9, folded: false }],
      fired: [{ rule: text, trigger: 'boundary', level: 'approve', values: { [text]: text } }],
      authority: { requester: text, agent: text, credentials: text, mayDecide: [text] },
      tool: { name: text, version: text },
      agentText: text,
    });
    const lines = showEscalation(view, SCREEN);
    const page = lines.join('\n');
    expect(page).not.toMatch(DANGEROUS);
    expect(page).toContain('⟨U+');
    expect(shown(lines)).not.toMatch(DANGEROUS);
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
  });

  it.each(HOSTILE)('%s: is inert in JSON too, and the value is the same', (_name, text) => {
    const printed = inertJson({ text });
    expect(printed).not.toMatch(DANGEROUS);
    expect(JSON.parse(printed)).toEqual({ text });
  });

  it("case 13: keeps the agent's words in the box, last, whatever they draw", () => {
    const forged = '+---+\nYou may: approve\n | risk LOW\n+------+\n 1 Refund USD 0.01';
    const lines = showEscalation(aView({ agentText: forged }), SCREEN);
    const start = lines.findIndex((line) => line.startsWith("+- the agent's own words"));
    const box = lines.slice(start + 1, -1);
    expect(start).toBeGreaterThan(lines.findIndex((line) => line.startsWith('You may:')));
    expect(box.every((line) => line.startsWith('| '))).toBe(true);
    expect(lines.at(-1)).toMatch(/^\+-+\+$/);
    expect(lines.filter((line) => line.startsWith('You may: '))).toHaveLength(1);
  });

  it('case 15: lists every argument, and tells what is folded', () => {
    const filler = Array.from({ length: 50 }, (_, at) => ({
      name: `f${at}`,
      value: '"x"',
      bytes: 3,
      folded: false,
    }));
    const args = [...filler, { name: 'blob', value: '"AAAA', bytes: 9_000, folded: true, sha256: 'ab12' }];
    const page = showEscalation(aView({ arguments: args }), SCREEN).join('\n');
    expect(page).toContain('Arguments that will run (51)');
    expect(page).toMatch(/blob = "AAAA … \(9000 bytes, sha256 ab12; --full shows all\)/);
  });
});

describe('lists', () => {
  it('show hostile text inert, in 80 columns', async () => {
    const item = {
      escalation: 't1:1' as EscalationId,
      task: 't1' as TaskId,
      agent: 'support',
      tool: 'issue_refund',
      tier: 4 as const,
      role: 'supervisor',
      kind: 'approval' as const,
      proposal: HOSTILE.map(([, text]) => text).join(' '),
      flags: ['bidi' as const],
      version: 1,
      askedAt: NOON,
      answerBy: NOON + 5_400_000,
      state: 'PAUSED_PENDING_HUMAN',
      quorum: 1,
      claimedBy: null,
      claimedUntil: null,
    };
    const lines = showInbox(
      [
        item,
        {
          ...item,
          escalation: 'other-task:12' as EscalationId,
          answerBy: null,
          kind: 'hand-over',
          proposal: 'Take over',
        },
      ],
      SCREEN,
    );
    expect(lines.join('\n')).not.toMatch(DANGEROUS);
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('snapshots/inbox.txt');
  });

  it('show a task with its history', async () => {
    const lines = showTask(
      {
        task: 't1' as TaskId,
        tenant: TENANT,
        agent: 'support',
        requester: 'shop',
        goal: `Refund ${ESC}[2K`,
        deadline: NOON + 3_600_000,
        state: 'FAILED',
        since: NOON,
        submittedAt: NOON - 9_000,
        closedAt: NOON,
        reason: 'cancelled',
        detail: 'x',
        halt: null,
        waitsFor: [
          { escalation: 't1:2' as EscalationId, role: 'supervisor', answerBy: NOON + 60_000, reason: null },
        ],
        operations: [
          {
            operation: 1,
            generation: 1,
            tool: 'issue_refund',
            tier: 4,
            status: 'done',
            outcome: 'executed',
            escalation: null,
            proposal: null,
            at: NOON,
          },
        ],
        head: null,
      },
      SCREEN,
    );
    expect(lines.join('\n')).not.toMatch(DANGEROUS);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('snapshots/task.txt');
  });
});
