import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import type { AlwaysAsk } from '../domain/action.js';
import { judge } from './judge.js';
import { reservationsOf } from './limits.js';

const usd = (minor: number) => ({ impact: { money: { minor, currency: 'USD' } } });
const rules = (verdict: ReturnType<typeof judge>) => verdict.fired.map(({ rule }) => rule);
const withRules = (...lines: string[]) =>
  aPolicy(policyText(`rules:\n${lines.map((line) => `  - ${line}`).join('\n')}\n`));

describe('tiers', () => {
  it.each([
    ['read', 1, 'auto', []],
    ['note', 2, 'notify', ['tier:2']],
    ['mail', 3, 'approve', ['tier:3']],
    ['refund', 4, 'approve', ['tier:4']],
  ] as const)('%s of tier %i gets %s', (tool, tier, level, fired) => {
    const verdict = judge(aCase({ tool }));
    expect(verdict).toMatchObject({ tier, level });
    expect(rules(verdict)).toEqual(fired);
  });

  // Seen to fail: the rule's route passed over; the default route before the owner.
  it('at level notify names the role that hears of it: of the rule, else of the tool, else the owner', () => {
    const rule = '{ id: any, trigger: policy, when: "true", level: notify, route: finance }';
    const tell = (more: string) => judge(aCase({ tool: 'note', policy: aPolicy(policyText(more)) })).tell;
    expect(tell('defaults: { route: supervisor }')).toBe('director');
    expect(tell('tools: { note: { route: supervisor } }')).toBe('supervisor');
    expect(tell(`tools: { note: { route: supervisor } }\nrules:\n  - ${rule}`)).toBe('finance');
    expect(judge(aCase({ tool: 'read' })).tell).toBeUndefined();
    expect(judge(aCase({ tool: 'mail' })).tell).toBeUndefined();
  });

  it('takes an unknown tool, and facts of another tool, for tier 4', () => {
    for (const facts of [null, someFacts('note')]) {
      const verdict = judge(aCase({ tool: 'read', facts }));
      expect(verdict).toMatchObject({ tier: 4, level: 'approve' });
      expect(rules(verdict)).toEqual(['tier:4', 'unknown-tool']);
    }
  });

  it.each([
    ['read', 'approve', 'approve'],
    ['note', 'auto', 'auto'],
    ['mail', 'notify', 'notify'],
    ['mail', 'auto', 'notify'],
    ['refund', 'auto', 'approve'],
    ['refund', 'notify', 'approve'],
  ] as const)('gives %s set to %s the level %s: never below the floor', (tool, level, expected) => {
    const policy = aPolicy(policyText(`tools: { ${tool}: { level: ${level} } }`));
    expect(judge(aCase({ policy, tool })).level).toBe(expected);
  });

  it('keeps an unknown tool asking, whatever the policy says of its name', () => {
    const policy = aPolicy(policyText('tools: { read: { level: auto } }'));
    expect(judge(aCase({ policy, facts: null })).level).toBe('approve');
  });
});

describe('what the policy does not expect', () => {
  it('asks for a tool that the agent does not list', () => {
    const policy = aPolicy(policyText().replace('tools: [read, ', 'tools: ['));
    expect(judge(aCase({ policy }))).toMatchObject({
      level: 'approve',
      fired: [
        {
          rule: 'unlisted-tool',
          trigger: 'anomaly',
          values: { 'action.tool': 'read', 'agent.name': 'support' },
        },
      ],
    });
  });

  it('asks for every call of an unknown agent, and finds somebody to ask', () => {
    const input = aCase();
    const verdict = judge({ ...input, task: { ...input.task, agent: 'stranger' } });
    expect(rules(verdict)).toEqual(['unknown-agent']);
    expect(verdict.ladder.rungs.map(({ role }) => role)).toEqual(['supervisor', 'director']);
  });

  it('adds reasons from outside the policy, and only tightens by them', () => {
    const also = [{ rule: 'earlier-effect', trigger: 'anomaly', level: 'approve', values: {} }] as const;
    expect(judge(aCase({ also })).level).toBe('approve');
    expect(judge(aCase({ tool: 'refund', also: [{ ...also[0], level: 'auto' }] })).level).toBe('approve');
  });

  it('asks when arguments are nested too deeply to be compared, and still sees the rest', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    const policy = withRules(
      '{ id: much, trigger: boundary, when: "action.money.minor > 5", level: approve, route: finance }',
    );
    const verdict = judge(aCase({ policy, action: { args: deep, ...usd(6) } }));
    expect(rules(verdict)).toEqual(['much', 'deep-arguments']);
    expect(verdict.ladder.rungs[0]?.role).toBe('finance');
  });
});

describe('arguments that are too many to look through', () => {
  const policy = withRules(
    `{ id: force, trigger: risk, when: "has(action.args.force)", level: stop }`,
    `{ id: same, trigger: boundary, when: "action.args.list.exists(a, 'x' + a in action.args.list)", level: notify }`,
    `{ id: crowd, trigger: boundary, when: "action.recipients.exists(a, 'x' + a in action.recipients)", level: notify }`,
    `{ id: late, trigger: boundary, when: "action.rows > 5", level: approve, route: finance }`,
  );
  const many = Array.from({ length: 20_000 }, (_, index) => `${index}`);

  // Seen to fail: rules shown no arguments at all in the place of ones they cannot see; no bound, which takes seconds.
  it.each([
    ['parts', { list: many }],
    ['parts within parts', { list: many.slice(0, 100).map(() => many.slice(0, 100)) }],
    ['text', { list: [], text: 'a'.repeat(70_000) }],
  ])('too much %s lets no rule be passed over, and holds up nobody', (_, args) => {
    const started = process.cpuUsage();
    const verdict = judge(aCase({ policy, action: { args, impact: { rows: 9, recipients: many } } }));
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(500);
    expect(verdict.level).toBe('stop');
    expect(verdict.fired.map(({ rule, error }) => [rule, error !== undefined])).toEqual([
      ['force', true],
      ['same', true],
      ['crowd', true],
      ['late', false],
    ]);
  });

  it('as many as a rule looks through are looked through', () => {
    const args = { list: many.slice(0, 1_900), text: 'a'.repeat(50_000) };
    const impact = { recipients: many.slice(0, 1_900) };
    expect(judge(aCase({ policy, action: { args, impact } })).level).toBe('auto');
  });
});

/** Seen to fail: an unreadable impact shown to rules as no money, as an unknown tool, without the money category. */
describe('a tool that cannot say what its call would do', () => {
  const policy = withRules(
    '{ id: much, trigger: boundary, when: "action.money.minor > 100000", level: approve, route: finance }',
  );

  it.each(['read', 'refund'] as const)(
    '%s: is asked about as strictly as can be, of whoever the money rules say',
    (tool) => {
      const verdict = judge(aCase({ policy, tool, unreadable: true }));
      expect(verdict).toMatchObject({ level: 'approve', tier: 4 });
      expect(rules(verdict)).toEqual(
        expect.arrayContaining(['much', 'always-ask:money', 'tier:4', 'uninspectable']),
      );
      expect(rules(verdict)).not.toContain('unknown-tool');
      expect(verdict.ladder.rungs[0]?.role).toBe('finance');
    },
  );

  it('no rule that reads its reach is passed over', () => {
    const reads = ['rows > 5', 'payee == "x"', 'environment == "production"', 'recipients.size() > 3'];
    const all = withRules(
      ...reads.map((when, n) => `{ id: r${n}, trigger: boundary, when: 'action.${when}', level: approve }`),
    );
    const fired = rules(judge(aCase({ policy: all, tool: 'read', unreadable: true })));
    expect(fired).toEqual(expect.arrayContaining(reads.map((_, n) => `r${n}`)));
  });
});

describe('always-ask categories', () => {
  it.each<AlwaysAsk>([
    'deploy-production',
    'external-communication',
    'delete-data',
    'change-privileges',
    'money',
  ])('%s asks, declared by the tool or added by the policy', (category) => {
    const declared = judge(aCase({ facts: someFacts('read', { categories: [category] }) }));
    const added = judge(
      aCase({ policy: aPolicy(policyText(`tools: { read: { categories: [${category}] } }`)) }),
    );
    for (const verdict of [declared, added]) {
      expect(verdict.level).toBe('approve');
      expect(rules(verdict)).toEqual([`always-ask:${category}`]);
    }
  });

  it.each([
    [10_000, 'USD', 'auto'],
    [-10_000, 'USD', 'auto'],
    [10_001, 'USD', 'approve'],
    [-10_001, 'USD', 'approve'],
    [1, 'EUR', 'approve'],
    [1, 'usd', 'approve'],
    [1, '', 'approve'],
    [Number.NaN, 'USD', 'approve'],
    [0.5, 'USD', 'approve'],
    [Number.MAX_VALUE, 'USD', 'approve'],
  ])('%f minor units of %j are %s', (minor, currency, level) => {
    expect(judge(aCase({ action: { impact: { money: { minor, currency } } } })).level).toBe(level);
  });

  it('routes a category, and takes the limits of the policy', () => {
    const policy = aPolicy(
      policyText('always_ask: { money: { limits: { USD: 500 }, route: finance, ladder: urgent } }'),
    );
    expect(judge(aCase({ policy, action: usd(500) })).level).toBe('auto');
    const verdict = judge(aCase({ policy, action: usd(501) }));
    expect(verdict.ladder.rungs).toMatchObject([{ role: 'finance', ttlMs: 1_800_000 }, { role: 'director' }]);
    expect(verdict.fired[0]?.values).toEqual({
      'action.money.minor': 501,
      'action.money.currency': 'USD',
      limit: 500,
    });
  });
});

describe('cumulative limits', () => {
  it('case 34: 12 payments of 99 USD ask from the sixth on, under 100 USD each and 500 USD an agent and day', () => {
    const counters: Record<string, number> = {};
    const levels = Array.from({ length: 12 }, () => {
      const input = aCase({ tool: 'pay', counters, action: usd(9_900) });
      const { level } = judge(input);
      if (level !== 'approve')
        for (const { key, amount } of reservationsOf(input)) counters[key] = (counters[key] ?? 0) + amount;
      return level;
    });
    expect(levels).toEqual([...Array(5).fill('notify'), ...Array(7).fill('approve')]);
  });

  it('counts money towards us as well, apart by agent and UTC day', () => {
    const [reservation] = judge(aCase({ action: usd(-9_900) })).reservations;
    expect(reservation).toEqual({
      key: 'agent-day-usd|agent=support|day=2026-11-21',
      amount: 9_900,
      limit: 50_000,
    });
    const later = judge(aCase({ action: usd(1), now: Date.UTC(2026, 10, 21, 23, 59, 59, 999) + 1 }))
      .reservations[0];
    expect(later?.key).toContain('day=2026-11-22');
  });

  it('names the limit with what fired it', () => {
    const verdict = judge(
      aCase({ action: usd(101), counters: { 'agent-day-usd|agent=support|day=2026-11-21': 49_900 } }),
    );
    expect(verdict.fired).toMatchObject([
      { rule: 'limit:agent-day-usd', values: { counted: 49_900, amount: 101, limit: 50_000 } },
    ]);
    expect(
      judge(aCase({ action: usd(100), counters: { 'agent-day-usd|agent=support|day=2026-11-21': 49_900 } }))
        .level,
    ).toBe('auto');
  });

  it.each([Number.NaN, -1, Infinity])('asks when a counter is %f', (counted) => {
    const counters = { 'agent-day-usd|agent=support|day=2026-11-21': counted };
    expect(judge(aCase({ action: usd(1), counters })).level).toBe('approve');
  });

  // Seen to fail: white space kept; a list of invisible characters without line separators and the blank of Braille.
  it('counts one payee once, however it is spelt invisibly, and keeps no name', () => {
    const policy = aPolicy(policyText('limits: [{ id: payee, per: [payee], currency: USD, minor: 1000 }]'));
    const keys = [
      'José Ltd',
      'Jose\u0301 Ltd',
      'jos\u200bé ltd ',
      'JOSÉ LTD',
      'José\u2800Ltd',
      'Jo\u2028sé\u00a0 Ltd',
    ].map(
      (payee) =>
        judge(aCase({ policy, action: { impact: { ...usd(1).impact, payee } } })).reservations[0]?.key,
    );
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^payee\|payee=sha256:[0-9a-f]{64}$/);
  });

  it('counts calls', () => {
    const policy = aPolicy(
      policyText(
        'limits: [{ id: a, per: [agent], currency: USD, minor: 1 }, { id: calls, per: [tool, requester], count: 3 }]',
      ),
    );
    const input = aCase({ policy, counters: { 'calls|tool=read|requester=cora': 3 } });
    expect(rules(judge(input))).toEqual(['limit:calls']);
    expect(judge({ ...input, counters: {} }).reservations).toEqual([
      { key: 'calls|tool=read|requester=cora', amount: 1, limit: 3 },
    ]);
  });
});
