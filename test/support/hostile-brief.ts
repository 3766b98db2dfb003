import fc from 'fast-check';
import type { BriefInput } from '../../src/contract/brief.js';
import type { Json } from '../../src/domain/action.js';

const EVIL = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</textarea><script>',
  '</title><svg onload=alert(1)>',
  'javascript:alert(1)',
  '![x](https://evil.example/beacon.png)',
  'https://bank.example@evil.example/approve',
  '\u202Etxt.exe',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  '\u0000\u0007\r\u200b\u{E0041}\u2028',
  '&lt;b&gt; &amp;',
  '{{constructor}}${7*7}<!--',
  '\n\n',
];
/** A text that somebody wrote to draw, hide or mislead, or random bytes. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(...EVIL),
  fc
    .tuple(fc.constantFrom(...EVIL), fc.string({ maxLength: 20 }), fc.constantFrom(...EVIL))
    .map((parts) => parts.join('')),
);
/** Arguments with such names and values. */
export const hostileArgs = fc.dictionary(
  hostileText.filter((key) => key !== ''),
  fc.oneof(hostileText, fc.integer(), fc.boolean(), fc.array(hostileText, { maxLength: 3 })),
  { maxKeys: 5 },
);
/** What a brief is made of, with such texts wherever something comes from outside. */
export const hostileBrief: fc.Arbitrary<Partial<BriefInput>> = fc
  .record({
    words: fc.array(hostileText, { minLength: 12, maxLength: 12 }),
    args: hostileArgs,
    value: hostileText,
  })
  .map(({ words, args: given, value }) => {
    const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = ''] =
      words;
    return {
      args: given as Json, // made of JSON
      description: a,
      tool: { name: b, version: c, known: true, hasUndo: false },
      request: d,
      agentText: e,
      agentQuestion: f,
      earlierEffects: [g],
      session: h,
      workDone: [{ what: i, outcome: j, at: 0 }],
      preview: {
        diff: [{ field: a, before: k, after: l }],
        evidence: [{ what: k, source: l, at: 8.7e15 }],
        alternatives: [i],
        unknowns: [j],
      },
      authority: { requester: g, agent: h, credentials: i, mayDecide: [j] },
      impact: { recipients: [k], environment: l },
      verdict: {
        ...aVerdict,
        fired: [{ rule: a, trigger: 'boundary', level: 'approve', values: { [b]: value }, tag: c, error: d }],
      },
    };
  });
const aVerdict = {
  level: 'approve',
  tier: 4,
  ladder: { rungs: [{ role: 'supervisor', ttlMs: 1, remindAfterMs: null }], fallback: 'deny' },
  reservations: [],
  validityMs: 1,
  extendByMs: 1,
  policyHash: `sha256:${'a'.repeat(64)}` as NonNullable<BriefInput['verdict']>['policyHash'],
  policyVersion: '1',
} as const;
