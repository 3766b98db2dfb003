import { describe, expect, it } from 'vitest';
import { policyText } from '../../test/support/policy-case.js';
import { loadPolicy } from './load.js';

const rule = (part: string) =>
  policyText(`rules:\n  - { id: r, trigger: boundary, level: approve, ${part} }`);
const always = 'when: "true"';

describe('loadPolicy', () => {
  it.each<[string, string, number, string, RegExp]>([
    ['an unquoted version', policyText().replace('"1"', '1.10'), 2, 'version', /quotes/],
    ['no version', policyText().replace('version: "1"', ''), 3, 'version', /quotes/],
    ['an unknown key', policyText('hours: never'), 10, 'hours', /unknown key/],
    [
      'a key that nothing enforces yet',
      policyText().replace('{ owner:', '{ hours: all, owner:'),
      5,
      'agents.support.hours',
      /unknown key/,
    ],
    [
      'a missing owner role',
      policyText().replace('owner: director,', ''),
      5,
      'agents.support.owner',
      /missing/,
    ],
    [
      'an unknown owner role',
      policyText().replace('owner: director,', 'owner: nobody,'),
      5,
      'agents.support.owner',
      /no role/,
    ],
    [
      'tools that are no list',
      policyText().replace(/tools: \[.*?\]/, 'tools: read'),
      5,
      'agents.support.tools',
      /array/,
    ],
    ['a bad name', policyText('  "a/b": { members: [x] }'), 10, 'roles.a/b', /not a valid name/],
    [
      'an unknown backup',
      policyText('  night: { members: [x], backup: day }'),
      10,
      'roles.night.backup',
      /no role/,
    ],
    [
      'a backup circle',
      policyText('  a: { members: [x], backup: b }\n  b: { members: [y], backup: a }'),
      10,
      'roles.a.backup',
      /a -> b -> a/,
    ],
    [
      'a role that is its own backup',
      policyText('  a: { members: [x], backup: a }'),
      10,
      'roles.a.backup',
      /a -> a/,
    ],
    ['a role with nobody (defect 14)', policyText('  a: { members: [] }'), 10, 'roles.a.members', /nobody/],
    [
      'a chain with nobody',
      policyText('  a: { members: [], backup: b }\n  b: { members: [] }'),
      10,
      'roles.a.members',
      /nobody/,
    ],
    ['a desk of depth 0', policyText('  a: { members: [x], depth: 0 }'), 10, 'roles.a.depth', />=1/],
    ['an unknown route', rule(`${always}, route: finanze`), 11, 'rules[0].route', /no role/],
    ['an unknown ladder', rule(`${always}, ladder: slow`), 11, 'rules[0].ladder', /no ladder/],
    ['an unknown trigger', rule(always).replace('boundary', 'boundry'), 11, 'rules[0].trigger', /boundary/],
    [
      'a rule that would loosen',
      rule(always).replace('level: approve', 'level: auto'),
      11,
      'rules[0].level',
      /only tighten/,
    ],
    [
      'an id twice',
      policyText(
        `rules:\n  - { id: r, trigger: boundary, level: approve, ${always} }\n  - { id: r, trigger: boundary, level: notify, ${always} }`,
      ),
      12,
      'rules[1].id',
      /twice/,
    ],
    ['a condition that is no CEL', rule('when: "1 =="'), 11, 'rules[0].when', /Unexpected token/],
    [
      'a condition on an unknown variable',
      rule('when: "amount > 3"'),
      11,
      'rules[0].when',
      /Unknown variable/,
    ],
    [
      'a condition on an unknown field',
      rule('when: "action.money.cents > 3"'),
      11,
      'rules[0].when',
      /No such key/,
    ],
    ['a condition with wrong types', rule(`when: "action.rows > 'many'"`), 11, 'rules[0].when', /overload/],
    [
      'a condition that is no question',
      rule('when: "action.rows"'),
      11,
      'rules[0].when',
      /not true or false/,
    ],
    [
      'a regular expression',
      rule(`when: "action.payee.matches('(a+)+$')"`),
      11,
      'rules[0].when',
      /regular expressions/,
    ],
    [
      'a loop in a loop',
      rule('when: "action.recipients.exists(a, action.recipients.exists(b, a == b))"'),
      11,
      'rules[0].when',
      /another loop/,
    ],
    [
      'asking whether a reading is there',
      rule('when: "has(readings.confidence)"'),
      11,
      'rules[0].when',
      /withholding/,
    ],
    [
      'asking it by another way',
      rule(`when: "'confidence' in readings"`),
      11,
      'rules[0].when',
      /withholding/,
    ],
    [
      'asking it through a name',
      rule('when: "[readings].exists(r, has(r.confidence))"'),
      11,
      'rules[0].when',
      /withholding/,
    ],
    [
      'asking it by a computed key',
      rule(`when: "readings['con' + 'fidence'] < 1.0"`),
      11,
      'rules[0].when',
      /withholding/,
    ],
    [
      'an endless condition',
      rule(`when: "${'true && '.repeat(240)}true"`),
      11,
      'rules[0].when',
      /maxAstNodes/,
    ],
    ['invisible characters', rule('when: "action.payee == \'a\u200bb\'"'), 11, 'rules[0].when', /invisible/],
    [
      'a ttl that is none',
      policyText('ladders:\n  a: { ttl: soon, fallback: deny }'),
      11,
      'ladders.a.ttl',
      /duration/,
    ],
    [
      'a ttl without end',
      policyText('ladders:\n  a: { ttl: 366d, fallback: deny }'),
      11,
      'ladders.a.ttl',
      /between/,
    ],
    [
      'a ttl of nothing',
      policyText('ladders:\n  a: { ttl: 0s, fallback: deny }'),
      11,
      'ladders.a.ttl',
      /between/,
    ],
    [
      'a reminder after the end',
      policyText('ladders:\n  a: { ttl: 1d, remind: 1d, fallback: deny }'),
      11,
      'ladders.a.remind',
      /not before/,
    ],
    [
      'a fallback that runs',
      policyText('ladders:\n  a: { ttl: 1d, fallback: approve }'),
      11,
      'ladders.a.fallback',
      /deny/,
    ],
    ['a validity of weeks', policyText('defaults: { validity: 8d }'), 10, 'defaults.validity', /between/],
    [
      'a limit without amount',
      policyText('limits:\n  - { id: a, per: [agent], currency: USD }'),
      11,
      'limits[0]',
      /neither/,
    ],
    [
      'a limit of two kinds',
      policyText('limits:\n  - { id: a, per: [agent], currency: USD, minor: 5, count: 5 }'),
      11,
      'limits[0]',
      /neither/,
    ],
    [
      'a limit in fractions',
      policyText('limits:\n  - { id: a, per: [agent], currency: USD, minor: 5.5 }'),
      11,
      'limits[0].minor',
      /int/,
    ],
    [
      'a currency that nothing counts',
      policyText('always_ask:\n  money: { limits: { EUR: 5 } }'),
      11,
      'always_ask.money.limits.EUR',
      /split/,
    ],
    [
      'limits that leave the default uncounted',
      policyText('limits:\n  - { id: a, per: [agent], count: 5 }'),
      10,
      'limits',
      /split/,
    ],
    [
      'a category switched off',
      policyText('always_ask:\n  delete-data: false'),
      11,
      'always_ask.delete-data',
      /object/,
    ],
    ['a halt by an unknown role', policyText('halts:\n  set: [nobody]'), 11, 'halts.set[0]', /no role/],
    ['roles that are a list', policyText().replace(/roles:\n(.*\n)+/, 'roles: [a]\n'), 6, 'roles', /record/],
  ])('refuses %s by line and path', (_, text, line, path, what) => {
    const loaded = loadPolicy(text);
    const problems = 'problems' in loaded ? loaded.problems : [];
    const problem = problems.find((one) => one.path === path);
    expect(problem, JSON.stringify(problems)).toMatchObject({ line, path });
    expect(`${problem?.what} ${problem?.todo}`).toMatch(what);
    expect(problem?.todo).not.toBe('');
  });
});
