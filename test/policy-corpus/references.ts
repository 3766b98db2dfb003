import { policyText } from '../support/policy-case.js';
import { type Broken, ladder, rules, TOOLS } from './broken.js';

/** Names that point nowhere, and what does not fit the tools. */
export const REFERENCES: readonly Broken[] = [
  {
    name: 'an unknown owner role',
    text: policyText().replace('owner: director,', 'owner: nobody,'),
    told: ['5 agents.support.owner | no role `nobody` | declare it under roles, or use one of:'],
  },
  {
    name: 'an unknown backup',
    text: policyText('  night: { members: [x], backup: day }'),
    told: ['10 roles.night.backup | no role `day` | declare it under roles, or use one of:'],
  },
  {
    name: 'a backup circle',
    text: policyText('  a: { members: [x], backup: b }\n  b: { members: [y], backup: a }'),
    told: ['10 roles.a.backup | backup circle: a -> b -> a | let the last role of the chain have no'],
  },
  {
    name: 'a role that is its own backup',
    text: policyText('  a: { members: [x], backup: a }'),
    told: ['10 roles.a.backup | backup circle: a -> a | let the last role of the chain have no'],
  },
  {
    name: 'a role with nobody (defect 14)',
    text: policyText('  a: { members: [] }'),
    told: [
      '10 roles.a.members | nobody could answer: neither the role nor its | add a member, `from`, or a backup that has some',
    ],
  },
  {
    name: 'a chain with nobody',
    text: policyText('  a: { members: [], backup: b }\n  b: { members: [] }'),
    told: [
      '10 roles.a.members | nobody could answer: neither the role nor its | add a member, `from`, or a backup that has some',
      '11 roles.b.members | nobody could answer: neither the role nor its | add a member, `from`, or a backup that has some',
    ],
  },
  {
    name: 'no role at all',
    text: policyText().replace(/roles:\n(.*\n)+/, 'roles: {}\n'),
    told: ['6 roles | no role | declare one with members: somebody must be'],
  },
  {
    name: 'routes that lead nowhere',
    text: policyText(
      'tools: { mail: { route: post } }\nalways_ask: { money: { route: bank } }\ndefaults: { route: nowhere }',
    ),
    told: [
      '10 tools.mail.route | no role `post` | declare it under roles, or use one of:',
      '11 always_ask.money.route | no role `bank` | declare it under roles, or use one of:',
      '12 defaults.route | no role `nowhere` | declare it under roles, or use one of:',
    ],
  },
  {
    name: 'ladders that do not exist',
    text: policyText(
      'tools: { mail: { ladder: slow } }\nalways_ask: { money: { ladder: fast } }\ndefaults: { ladder: none }',
    ),
    told: [
      '10 tools.mail.ladder | no ladder `slow` | declare it under ladders, or use one of:',
      '11 always_ask.money.ladder | no ladder `fast` | declare it under ladders, or use one of:',
      '12 defaults.ladder | no ladder `none` | declare it under ladders, or use one of:',
    ],
  },
  {
    name: 'a rule that leads nowhere',
    text: rules('when: "true", level: approve, route: finanze, ladder: slow'),
    told: [
      '11 rules[0].route | no role `finanze` | declare it under roles, or use one of:',
      '11 rules[0].ladder | no ladder `slow` | declare it under ladders, or use one of:',
    ],
  },
  {
    name: 'an id twice',
    text: rules('id: r, when: "true", level: approve', 'id: r, when: "false", level: stop'),
    told: ['12 rules[1].id | the id `r` stands twice | give each its own: verdicts and counters'],
  },
  {
    name: 'a limit twice',
    text: policyText(
      'limits:\n  - { id: a, per: [agent], currency: USD, minor: 5 }\n  - { id: a, per: [agent], count: 5 }',
    ),
    told: ['12 limits[1].id | the id `a` stands twice | give each its own: verdicts and counters'],
  },
  {
    name: 'an anomaly that an unknown role closes',
    text: policyText('anomalies:\n  close: [nobody]'),
    told: ['11 anomalies.close[0] | no role `nobody` | declare it under roles, or use one of:'],
  },
  {
    name: 'halts by unknown roles',
    text: policyText('halts:\n  set: [nobody]\n  lift: [director, noone]'),
    told: [
      '11 halts.set[0] | no role `nobody` | declare it under roles, or use one of:',
      '12 halts.lift[1] | no role `noone` | declare it under roles, or use one of:',
    ],
  },
  {
    name: 'a tool below its floor',
    text: policyText('tools:\n  refund: { level: notify }\n  mail: { level: auto }'),
    told: [
      '11 tools.refund.level | notify is below the floor of tier 4 | remove it or write approve: no policy',
      '12 tools.mail.level | auto is below the floor of tier 3 | remove it or write notify: no policy lowers',
    ],
    tools: TOOLS,
  },
  {
    name: 'soft for what cannot be undone',
    text: policyText('tools:\n  pay: { level: soft }\n  mail: { level: soft }\n  refund: { level: soft }'),
    told: [
      '11 tools.pay.level | soft, and `pay` has no undo | write approve: soft is for tools of tier 1',
      '12 tools.mail.level | soft, and `mail` is of tier 3 | write approve: soft is for tools of tier 1',
      '13 tools.refund.level | soft is below the floor of tier 4 | remove it or write approve: no policy',
    ],
    tools: TOOLS,
  },
  {
    name: 'a safe ladder for tier 4',
    text: ladder('ttl: 1h, fallback: safe, safe: { tool: note, args: {} }').replace(
      'ladders:',
      'tools: { refund: { ladder: careful } }\nladders:',
    ),
    told: [
      '10 tools.refund.ladder | `careful` falls back to a safe action, and | name a ladder that denies, holds, fails or',
    ],
    tools: TOOLS,
  },
  {
    name: 'a safe action that leaves the house',
    text: ladder('ttl: 1h, fallback: safe, safe: { tool: mail, args: {} }'),
    told: [
      '11 ladders.careful.safe.tool | `mail` is of tier 3 | take a tool of tier 1 or 2: it runs without',
    ],
    tools: TOOLS,
  },
  {
    name: 'a safe action that nobody registered',
    text: ladder('ttl: 1h, fallback: safe, safe: { tool: jot, args: {} }').replace('[read,', '[jot, read,'),
    told: ['11 ladders.careful.safe.tool | no tool `jot` is registered | correct the name, or register it'],
    tools: TOOLS,
  },
  {
    name: 'a safe action that no agent lists',
    text: ladder('ttl: 1h, fallback: safe, safe: { tool: jot, args: {} }'),
    told: [
      "11 ladders.careful.safe.tool | no agent lists `jot` | add it to an agent's tools: silence denies",
    ],
  },
];
