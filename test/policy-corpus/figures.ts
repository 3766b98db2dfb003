import { policyText } from '../support/policy-case.js';
import { type Broken, ladder, riskMap } from './broken.js';

/** Figures, days and the risk map. */
export const FIGURES: readonly Broken[] = [
  {
    name: 'an anomaly that is expected too long',
    text: policyText('anomalies: { expected_for: 91d }'),
    told: ['10 anomalies.expected_for | must lie between 1m and 90d | correct the value'],
  },
  {
    name: 'a ttl that is none',
    text: ladder('ttl: soon, fallback: deny'),
    told: ['11 ladders.careful.ttl | must be a duration such as 30m, 24h or 7d | correct the value'],
  },
  {
    name: 'a ttl without end',
    text: ladder('ttl: 366d, fallback: deny'),
    told: ['11 ladders.careful.ttl | must lie between 100ms and 365d | correct the value'],
  },
  {
    // Seen to fail: over ten years is no duration that is read, and nothing, or the default, stood in its place.
    name: 'times of over ten years',
    text: policyText(
      'ladders:\n  careful: { ttl: 4000d, fallback: deny }\nstep_up: { tier: 4, within: 5000d }\ndefaults: { validity: 99999d, extend: 99999d, window: 999999999d }',
    ),
    told: [
      '11 ladders.careful.ttl | must lie between 100ms and 365d | correct the value',
      '12 step_up.within | must lie between 1m and 24h | correct the value',
      '13 defaults.validity | must lie between 1s and 7d | correct the value',
      '13 defaults.extend | must lie between 0s and 30d | correct the value',
      '13 defaults.window | must lie between 1s and 7d | correct the value',
    ],
  },
  {
    name: 'a ttl of nothing, and no fallback',
    text: ladder('ttl: 0s'),
    told: [
      '11 ladders.careful.fallback | missing | add it: one of deny, safe, hold, fail, halt',
      '11 ladders.careful.ttl | must lie between 100ms and 365d | correct the value',
    ],
  },
  {
    name: 'a reminder after the end',
    text: ladder('ttl: 1d, remind: 1d, fallback: deny'),
    told: [
      '11 ladders.careful.remind | not before the ttl is over | make it shorter than the ttl, such as 50%',
    ],
  },
  {
    name: 'a reminder of all',
    text: ladder('ttl: 1d, remind: 100%, fallback: deny'),
    told: ['11 ladders.careful.remind | must be a share of the ttl from 1% to 99%, or a | correct the value'],
  },
  {
    name: 'another way on than the backups',
    text: ladder('ttl: 1d, then: owner, fallback: deny'),
    told: ['11 ladders.careful.then | unknown value `owner` | write backup'],
  },
  {
    name: 'a fallback that runs',
    text: ladder('ttl: 1d, fallback: approve'),
    told: [
      '11 ladders.careful.fallback | unknown value `approve` | write one of deny, safe, hold, fail, halt',
    ],
  },
  {
    name: 'a fallback safe that does nothing',
    text: ladder('ttl: 1d, fallback: safe'),
    told: ['11 ladders.careful | fallback safe without `safe` | add safe: { tool: NAME, args: { ... } }, or'],
  },
  {
    name: 'a safe action that nothing takes',
    text: ladder('ttl: 1d, fallback: deny, safe: { tool: note, args: {} }'),
    told: [
      '11 ladders.careful.safe | nothing takes it: the fallback is deny | write fallback: safe, or remove it',
    ],
  },
  {
    name: 'half a safe action',
    text: ladder('ttl: 1d, fallback: safe, safe: { tool: note }'),
    told: ['11 ladders.careful.safe.args | missing | add it: a map such as { key: value }'],
  },
  {
    name: 'a validity of weeks',
    text: policyText('defaults: { validity: 8d }'),
    told: ['10 defaults.validity | must lie between 1s and 7d | correct the value'],
  },
  {
    name: 'windows of nothing and of weeks',
    text: policyText('tools: { note: { window: 0s } }\ndefaults: { window: 8d }'),
    told: [
      '10 tools.note.window | must lie between 1s and 7d | correct the value',
      '11 defaults.window | must lie between 1s and 7d | correct the value',
    ],
  },
  {
    name: 'an extension of months',
    text: policyText('defaults: { extend: 31d }'),
    told: ['10 defaults.extend | must lie between 0s and 30d | correct the value'],
  },
  {
    name: 'a limit without amount',
    text: policyText('limits:\n  - { id: a, per: [agent], currency: USD }'),
    told: [
      '11 limits[0] | neither an amount nor a number of calls | give either both currency and minor, or',
    ],
  },
  {
    name: 'a limit of two kinds',
    text: policyText('limits:\n  - { id: a, per: [agent], currency: USD, minor: 5, count: 5 }'),
    told: [
      '11 limits[0] | neither an amount nor a number of calls | give either both currency and minor, or',
    ],
  },
  {
    name: 'a limit in fractions',
    text: policyText('limits:\n  - { id: a, per: [agent], currency: USD, minor: 5.5 }'),
    told: ['11 limits[0].minor | expected int, received number | write a whole number'],
  },
  {
    name: 'a limit for nothing',
    text: policyText('limits:\n  - { id: a, per: [], currency: USD, minor: 5 }'),
    told: ['11 limits[0].per | expected array to have >=1 items | correct the value'],
  },
  {
    name: 'a negative limit',
    text: policyText('limits:\n  - { id: a, per: [agent], currency: USD, minor: -5 }'),
    told: ['11 limits[0].minor | must not be negative | correct the value'],
  },
  {
    name: 'a currency that is none',
    text: policyText('always_ask:\n  money: { limits: { dollars: 5 } }'),
    told: [
      '11 always_ask.money.limits.dollars | not a valid name: must be an ISO 4217 code such | choose another name',
    ],
  },
  {
    name: 'a currency that nothing counts',
    text: policyText('always_ask:\n  money: { limits: { EUR: 5 } }'),
    told: [
      '11 always_ask.money.limits.EUR | EUR may run without a person, but no cumulative | add to limits: { id: agent-day-eur, per:',
    ],
  },
  {
    name: 'limits that leave the default uncounted',
    text: policyText('limits:\n  - { id: a, per: [agent], count: 5 }'),
    told: [
      '10 limits | USD may run without a person, but no cumulative | add to limits: { id: agent-day-usd, per:',
    ],
  },
  {
    name: 'a risk map without class',
    text: riskMap('impact: {}', 'levels: {}'),
    told: ['10 risk_map | no class | add one to impact and to levels, or remove'],
  },
  {
    name: 'half a risk map',
    text: riskMap('impact: { minor: { rows: 1 } }'),
    told: ['10 risk_map.levels | missing | add it: a map such as { key: value }'],
  },
  {
    name: 'classes of a risk map without their other half',
    text: riskMap(
      'impact: { minor: { rows: 1 } }',
      'levels: { major: { reversible: notify, hard: approve, irreversible: stop } }',
    ),
    told: [
      '11 risk_map.impact.minor | risk_map.levels does not say `minor` | add it there, or remove it here',
      '12 risk_map.levels.major | risk_map.impact does not say `major` | add it there, or remove it here',
    ],
  },
  {
    name: 'a class that does not exist',
    text: riskMap('impact: { huge: { rows: 1 } }', 'levels: {}'),
    told: ['11 risk_map.impact.huge | unknown key `huge` | remove or rename it: nothing enforces it;'],
  },
  {
    name: 'a class that nothing reaches',
    text: riskMap(
      'impact: { minor: {} }',
      'levels: { minor: { reversible: notify, hard: approve, irreversible: stop } }',
    ),
    told: [
      '11 risk_map.impact.minor | no figure: nothing would reach it | give money, rows or recipients from which',
    ],
  },
  {
    name: 'figures that fall',
    text: riskMap(
      'impact:',
      '  minor: { money: { USD: 100 }, rows: 5 }',
      '  severe: { money: { USD: 100, EUR: 1 }, rows: 4, recipients: 1 }',
      'levels:',
      '  minor: { reversible: notify, hard: approve, irreversible: stop }',
      '  severe: { reversible: notify, hard: approve, irreversible: stop }',
    ),
    told: [
      '13 risk_map.impact.severe.money.USD | not above the 100 of minor | let a greater class begin at a greater',
      '13 risk_map.impact.severe.rows | not above the 5 of minor | let a greater class begin at a greater',
    ],
  },
  {
    name: 'levels of a risk map below the floor',
    text: riskMap(
      'impact: { minor: { rows: 1 } }',
      'levels: { minor: { reversible: auto, hard: soft, irreversible: notify } }',
    ),
    told: [
      '12 risk_map.levels.minor.hard | unknown value `soft` | write one of notify, approve, stop',
      '12 risk_map.levels.minor.irreversible | unknown value `notify` | write one of approve, stop',
    ],
  },
  {
    name: 'a level of a risk map that is missing',
    text: riskMap('impact: { minor: { rows: 1 } }', 'levels: { minor: { reversible: auto, hard: notify } }'),
    told: ['12 risk_map.levels.minor.irreversible | missing | add it: one of approve, stop'],
  },
  {
    name: 'a sign-off on no day',
    text: policyText('sign_offs:\n  - { role: product, by: ben, on: 2026-02-30, review: soon }'),
    told: [
      '11 sign_offs[0].on | must be a day such as 2026-11-21 | correct the value',
      '11 sign_offs[0].review | must be a day such as 2026-11-21 | correct the value',
    ],
  },
  {
    name: 'a sign-off reviewed before it was given',
    text: policyText('sign_offs:\n  - { role: product, by: ben, on: 2026-02-03, review: 2026-02-03 }'),
    told: [
      '11 sign_offs[0].review | not after the sign-off of 2026-02-03 | name the day by which it has to be signed',
    ],
  },
  {
    name: 'a sign-off by nobody',
    text: policyText('sign_offs:\n  - { role: product, on: 2026-02-03, review: 2027-02-03 }'),
    told: ['11 sign_offs[0].by | missing | add it: a text'],
  },
];
