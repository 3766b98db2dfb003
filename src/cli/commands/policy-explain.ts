import { arg, flag, needed, text, texts, usage, type Command, type Input } from '../command.js';
import { showExplanation } from '../render/show-explanation.js';
import { argsOf, ARGS_OPTION } from './arguments.js';
import { CASES_OPTION, POLICY_ARGUMENT, TOOLS_OPTION } from './policy-test.js';

export const policyExplainCommand: Command = {
  meta: {
    name: 'policy explain',
    group: 'policy',
    summary: 'tell why a call gets its level, who is asked, and what would change it',
    example: 'countersign policy explain policy.yaml --case "a refund of 6,200 USD"',
    notes: [
      'Name a case of the table, or spell the call out with --agent, --tool, --args and --tools. Every change that it tells is found by judging the changed call.',
    ],
  },
  args: [POLICY_ARGUMENT],
  options: {
    case: { type: 'string', value: 'NAME', help: 'a case by its name' },
    cases: CASES_OPTION,
    tools: TOOLS_OPTION,
    agent: { type: 'string', value: 'AGENT', help: 'who proposes the call' },
    tool: { type: 'string', value: 'TOOL', help: 'the tool that it calls' },
    args: { ...ARGS_OPTION, help: `its arguments: ${ARGS_OPTION.help}; default {}` },
    reading: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: 'a reading, such as confidence=0.61',
    },
    situation: { type: 'string', value: 'NAME', help: 'what kind of case it is' },
  },
  async run(input) {
    const { explainPolicyFile } = await import('../../policy-files.js');
    const name = text(input, 'case');
    if (name !== undefined && text(input, 'agent') !== undefined)
      throw usage(input.command, 'give either --case or --agent, not both');
    const made = await explainPolicyFile(
      { policy: arg(input, 0), cases: text(input, 'cases'), tools: text(input, 'tools') },
      name === undefined ? { call: await callOf(input) } : { case: name },
    );
    if (flag(input, 'json')) input.io.printJson(made);
    else input.io.print(showExplanation(made, input.io.width));
  },
};

async function callOf(input: Input): Promise<unknown> {
  const { command } = input;
  if (text(input, 'agent') === undefined)
    throw usage(command, 'name a case with --case, or the call with --agent and --tool');
  needed(input, 'tools'); // says what the tool is; a case can say it itself
  const args = (await argsOf(input)) ?? {};
  const situation = text(input, 'situation');
  return {
    agent: needed(input, 'agent'),
    tool: needed(input, 'tool'),
    args,
    readings: Object.fromEntries(texts(input, 'reading').map((pair) => readingOf(input, pair))),
    ...(situation === undefined ? {} : { situation }),
  };
}

/** `confidence=0.61` is a number, `checked=true` a switch, anything else a text. */
function readingOf({ command }: Input, pair: string): readonly [string, string | number | boolean] {
  const at = pair.indexOf('=');
  if (at < 1) throw usage(command, `--reading ${pair} is not of the form NAME=VALUE`);
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
  if (value === 'true' || value === 'false') return [name, value === 'true'];
  return [name, /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value];
}
