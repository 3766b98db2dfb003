import { policyText } from '../support/policy-case.js';
import { type Broken, agent } from './broken.js';

/** What is wrong with the file as YAML or as data. */
export const DOCUMENTS: readonly Broken[] = [
  {
    name: 'an empty file',
    text: '',
    told: ['1  | the file is empty | write version, owner, agents and roles'],
  },
  {
    name: 'only a comment',
    text: '# nothing yet\n',
    told: ['1  | the file is empty | write version, owner, agents and roles'],
  },
  {
    name: 'a list',
    text: '- a\n- b\n',
    told: ['1  | expected object, received array | write a map such as { key: value }'],
  },
  {
    name: 'a text',
    text: 'approve everything',
    told: ['1  | expected object, received string | write a map such as { key: value }'],
  },
  {
    name: 'a second document',
    text: policyText('---\nowner: other'),
    told: ['10  | a second YAML document | keep one policy a file: remove the line ---'],
  },
  {
    name: 'another version of YAML',
    text: `%YAML 1.1\n---${policyText()}`,
    told: ['1  | a directive | remove the line'],
  },
  {
    name: 'the same key twice',
    text: policyText('owner: others'),
    told: ['10  | the same key stands twice | keep one of them'],
  },
  {
    name: 'an anchor and its alias',
    text: policyText('defaults: &d { route: finance }\nhalts: *d'),
    told: [
      '10  | anchors and aliases are not read | write the value out',
      '11  | anchors and aliases are not read | write the value out',
    ],
  },
  {
    name: 'a merge key',
    text: policyText('<<: { owner: x }'),
    told: ['10  | `<<` cannot be a key | choose another name'],
  },
  {
    name: 'a prototype key',
    text: policyText('__proto__: { owner: x }'),
    told: ['10  | `__proto__` cannot be a key | choose another name'],
  },
  {
    name: 'a tag',
    text: policyText('defaults: !!js/function x'),
    told: ['10  | Unresolved tag: tag:yaml.org,2002:js/function | remove the tag'],
  },
  {
    name: 'a tab as indent',
    text: policyText('defaults:\n\troute: finance'),
    told: ['11  | Tabs are not allowed as indentation | indent with spaces'],
  },
  {
    name: 'a number as key',
    text: policyText('7: x'),
    told: ['10  | a key must be text | put it in quotes'],
  },
  {
    name: 'an open bracket',
    text: policyText('limits: ['),
    told: ['10  | Flow sequence in block collection must be | correct the YAML here'],
  },
  {
    name: 'a nest without end',
    text: policyText(`rules: ${'['.repeat(60)}`),
    told: ['1  | nested deeper than 32 levels | write it flat'],
  },
  {
    name: 'a NUL',
    text: policyText('# \0'),
    told: ['10  | a NUL character | remove it: no database keeps it'],
  },
  {
    name: 'an unquoted version',
    text: policyText().replace('"1"', '1.10'),
    told: ['2 version | must be text in quotes, such as "2026-11-21.1" | correct the value'],
  },
  {
    name: 'neither version nor owner',
    text: policyText()
      .replace(/version.*\n/, '')
      .replace('owner: support-platform\n', ''),
    told: [
      '2 version | missing | add it: it must be text in quotes, such as',
      '2 owner | missing | add it: a text',
    ],
  },
  {
    name: 'an empty version',
    text: policyText().replace('"1"', '""'),
    told: ['2 version | must be text in quotes, such as "2026-11-21.1" | correct the value'],
  },
  {
    name: 'an unknown section',
    text: policyText('hours: never'),
    told: ['10 hours | unknown key `hours` | remove or rename it: nothing enforces it;'],
  },
  {
    name: 'three unknown keys',
    text: agent('hours: all, autonmy: full').replace('{ members: [ruth', '{ shift: night, members: [ruth'),
    told: [
      '5 agents.support.hours | unknown key `hours` | remove or rename it: nothing enforces it;',
      '5 agents.support.autonmy | unknown key `autonmy` | remove or rename it: nothing enforces it;',
      '9 roles.director.shift | unknown key `shift` | remove or rename it: nothing enforces it;',
    ],
  },
  {
    name: 'agents that are a list',
    text: policyText().replace(/agents:\n.*\n/, 'agents: [support]\n'),
    told: ['4 agents | expected record, received array | write a map such as { key: value }'],
  },
  {
    name: 'roles that are a list',
    text: policyText().replace(/roles:\n(.*\n)+/, 'roles: [a]\n'),
    told: ['6 roles | expected record, received array | write a map such as { key: value }'],
  },
  {
    name: 'an agent without owner and tools',
    text: policyText().replace(/\{ owner: director.*\}/, '{ situations: [refund] }'),
    told: [
      '5 agents.support.owner | missing | add it: a text',
      '5 agents.support.tools | missing | add it: a list such as [a, b]',
    ],
  },
  {
    name: 'tools that are a text',
    text: policyText().replace(/tools: \[.*?\]/, 'tools: read'),
    told: ['5 agents.support.tools | expected array, received string | write a list such as [a, b]'],
  },
  {
    name: 'a tool with a space',
    text: policyText().replace('[read,', '["read all",'),
    told: ['5 agents.support.tools[0] | must be 1 to 64 letters, digits, `_`, `.` or | correct the value'],
  },
  {
    name: 'a tool of a name that none can have',
    text: policyText('tools: { "mcp:pay": { level: approve } }').replace('[read,', '[github/read,'),
    told: [
      '5 agents.support.tools[0] | must be 1 to 64 letters, digits, `_`, `.` or | correct the value',
      '10 tools.mcp:pay | not a valid name: must be 1 to 64 letters, | choose another name',
    ],
  },
  {
    name: 'a name with a slash',
    text: policyText('  "a/b": { members: [x] }'),
    told: ['10 roles.a/b | not a valid name: must be 1 to 128 letters, | choose another name'],
  },
  {
    name: 'an autonomy and a stage that do not exist',
    text: agent('autonomy: total, stage: beta'),
    told: [
      '5 agents.support.autonomy | unknown value `total` | write one of supervised, constrained,',
      '5 agents.support.stage | unknown value `beta` | write one of assistant, narrow, broad',
    ],
  },
  {
    name: 'a mail address that is none',
    text: policyText('  a: { members: [x], mail: [nobody] }'),
    told: ['10 roles.a.mail[0] | Invalid email address | correct the value'],
  },
  {
    name: 'a Slack channel by its name',
    text: policyText("  a: { members: [x], slack: '#desk' }"),
    told: [
      '10 roles.a.slack | must be the id of a Slack channel, such as C0123ABCD, not its name | correct the value',
    ],
  },
  {
    name: 'a desk of depth 0',
    text: policyText('  a: { members: [x], depth: 0 }'),
    told: ['10 roles.a.depth | expected number to be >=1 | correct the value'],
  },
  {
    name: 'a category switched off',
    text: policyText('always_ask:\n  delete-data: false'),
    told: [
      '11 always_ask.delete-data | expected object, received boolean | write a map such as { key: value }',
    ],
  },
  {
    name: 'a category that does not exist',
    text: policyText('always_ask:\n  fun: {}'),
    told: ['11 always_ask.fun | unknown key `fun` | remove or rename it: nothing enforces it;'],
  },
  {
    name: 'halts that nobody may set',
    text: policyText('halts: { set: [] }'),
    told: ['10 halts.set | must name at least one role | correct the value'],
  },
];
