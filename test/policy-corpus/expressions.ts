import { type Broken, ladder, rules } from './broken.js';

/** Rules and expressions. */
export const EXPRESSIONS: readonly Broken[] = [
  {
    name: 'a trigger that does not exist',
    text: rules('trigger: boundry, when: "true", level: approve'),
    told: ['11 rules[0].trigger | unknown value `boundry` | write one of confidence, boundary, anomaly,'],
  },
  {
    name: 'a rule that would loosen',
    text: rules('when: "true", level: auto'),
    told: ['11 rules[0].level | must be notify, soft, approve or stop: a rule | correct the value'],
  },
  {
    name: 'a rule without condition and level',
    text: rules('tag: x'),
    told: [
      '11 rules[0].when | missing | add it: a text',
      '11 rules[0].level | missing | add it: it must be notify, soft, approve or',
    ],
  },
  {
    name: 'an empty condition and an empty tag',
    text: rules('when: "", level: approve, tag: ""'),
    told: [
      '11 rules[0].when | expected string to have >=1 characters | correct the value',
      '11 rules[0].tag | expected string to have >=1 characters | correct the value',
    ],
  },
  {
    name: 'a condition that is no CEL',
    text: rules('when: "1 ==", level: approve'),
    told: ['11 rules[0].when | Unexpected token: EOF | correct the expression; a text stands in'],
  },
  {
    name: 'a variable that does not exist',
    text: rules('when: "amount > 3", level: approve'),
    told: ['11 rules[0].when | Unknown variable: amount | what can be read:'],
  },
  {
    name: 'a field that does not exist',
    text: rules('when: "action.money.cents > 3", level: approve'),
    told: ['11 rules[0].when | No such key: cents | what can be read:'],
  },
  {
    name: 'types that do not fit',
    text: rules(`when: "action.rows > 'many'", level: approve`),
    told: ['11 rules[0].when | no such overload: int > string | let both sides have one type: 5 is a whole'],
  },
  {
    name: 'a condition that is no question',
    text: rules('when: action.rows, level: approve'),
    told: ['11 rules[0].when | gives int, not true or false | compare it with something'],
  },
  {
    name: 'a regular expression',
    text: rules(`when: "action.payee.matches('(a+)+$')", level: approve`),
    told: [
      '11 rules[0].when | regular expressions are not bounded in time | use contains, startsWith, endsWith or in',
    ],
  },
  {
    name: 'a loop in a loop',
    text: rules('when: "action.recipients.exists(a, action.recipients.exists(b, a == b))", level: approve'),
    told: ['11 rules[0].when | `exists` inside another loop | write two rules'],
  },
  {
    name: 'a loop over what a loop gave, each part of which may be larger than the whole was',
    text: rules('when: "action.recipients.map(a, [a, a]).exists(b, size(b) > 2)", level: approve'),
    told: ['11 rules[0].when | `map` inside another loop, or before one | write two rules'],
  },
  {
    name: 'asking whether a reading is there',
    text: rules('when: has(readings.confidence), level: approve'),
    told: [
      '11 rules[0].when | a rule may not ask whether a reading is there: | compare one reading, such as',
    ],
  },
  {
    name: 'asking it by another way',
    text: rules(`when: "'confidence' in readings", level: approve`),
    told: [
      '11 rules[0].when | a rule may not ask whether a reading is there: | compare one reading, such as',
    ],
  },
  {
    name: 'asking it through a name',
    text: rules('when: "[readings].exists(r, has(r.confidence))", level: approve'),
    told: [
      '11 rules[0].when | a rule may not ask whether a reading is there: | compare one reading, such as',
    ],
  },
  {
    name: 'asking it by a computed key',
    text: rules(`when: "readings['con' + 'fidence'] < 1.0", level: approve`),
    told: [
      '11 rules[0].when | a rule may not ask whether a reading is there: | compare one reading, such as',
    ],
  },
  {
    name: 'asking whether a part of the action is there',
    text: rules('when: has(action.recipients) && size(action.recipients) > 100, level: stop'),
    told: [
      '11 rules[0].when | a rule may not ask whether a part of the action is | compare the part, such as',
    ],
  },
  {
    name: 'asking that through a name',
    text: rules('when: "[action].exists(a, has(a.args))", level: stop'),
    told: [
      '11 rules[0].when | a rule may not ask whether a part of the action is | compare the part, such as',
    ],
  },
  {
    name: 'an endless condition',
    text: rules(`when: "${'true && '.repeat(240)}true", level: approve`),
    told: ['11 rules[0].when | Exceeded maxAstNodes (300) | shorten it, or write several rules'],
  },
  {
    name: 'a condition too long to be read',
    text: rules(`when: "${'true && '.repeat(300)}true", level: approve`),
    told: ['11 rules[0].when | expected string to have <=2000 characters | correct the value'],
  },
  {
    name: 'a condition nested too deeply',
    text: rules(`when: "${'('.repeat(40)}true${')'.repeat(40)}", level: approve`),
    told: ['11 rules[0].when | Exceeded maxDepth (24) | shorten it, or write several rules'],
  },
  {
    name: 'invisible characters',
    text: rules(`when: "action.payee == 'a\u200bb'", level: approve`),
    told: ['11 rules[0].when | holds invisible characters | type it anew'],
  },
  {
    name: 'a function that does not exist',
    text: rules('when: random() > 0.5, level: approve'),
    told: [
      '11 rules[0].when | `random` is not available in a policy | use all, exists, exists_one, map, filter,',
    ],
  },
  {
    name: 'two flaws in one condition',
    text: rules(`when: "has(readings.a) || action.payee.matches('a')", level: approve`),
    told: [
      '11 rules[0].when | a rule may not ask whether a reading is there: | compare one reading, such as',
      '11 rules[0].when | regular expressions are not bounded in time | use contains, startsWith, endsWith or in',
    ],
  },
  {
    name: 'two broken rules',
    text: rules('when: "rows > 1", level: approve', 'when: "true", level: auto, route: x'),
    told: [
      '11 rules[0].when | Unknown variable: rows | what can be read:',
      '12 rules[1].level | must be notify, soft, approve or stop: a rule | correct the value',
      '12 rules[1].route | no role `x` | declare it under roles, or use one of:',
    ],
  },
  {
    name: 'safe arguments that are no CEL, no JSON, or ask for a reading',
    text: ladder(
      'ttl: 1h, fallback: safe, safe: { tool: note, args: { a: "we look", b: "timestamp(0)", c: "has(readings.x)", d: agent } }',
    ),
    told: [
      "11 ladders.careful.safe.args.a | Unexpected character: 'k' | correct the expression; a text stands in",
      '11 ladders.careful.safe.args.b | `timestamp` is not available in a policy | use all, exists, exists_one, map,',
      '11 ladders.careful.safe.args.c | a rule may not ask whether a reading is there: | compare one reading, such as',
      '11 ladders.careful.safe.args.d | gives $agent, which is no JSON | make it a text, a number, or a list of',
    ],
  },
  {
    name: 'a safe argument that is no text',
    text: ladder('ttl: 1h, fallback: safe, safe: { tool: note, args: { a: 7 } }'),
    told: ['11 ladders.careful.safe.args.a | expected string, received number | write a text'],
  },
];
