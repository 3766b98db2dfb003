import { ERRORS } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, REMOTE, text, type Command } from '../command.js';
import { readTextFile } from '../../text-file.js';
import { connect } from '../connect.js';
import { table } from '../render/layout.js';

const FILE = { name: 'FILE', help: 'the policy, YAML' };

export const policyCheckCommand: Command = {
  meta: {
    name: 'policy check',
    group: 'policy',
    summary: 'tell everything that is wrong with a policy file, by line',
    example: 'countersign policy check policy.yaml',
    notes: ['Ends with 0 when the policy can be used (warnings do not count), 2 when not.'],
  },
  args: [FILE],
  options: { tools: { type: 'string', value: 'MODULE', help: 'check against the tools of this module too' } },
  async run(input) {
    const { checkPolicyFile } = await import('../../check-policy.js');
    const checked = await checkPolicyFile(arg(input, 0), text(input, 'tools'));
    if (flag(input, 'json')) input.io.printJson(checked);
    else {
      const { summary } = checked;
      const good =
        summary === null
          ? []
          : [
              `Good: version ${visible(summary.version)}, ${summary.agents} agents, ${summary.roles} roles, ${summary.rules} rules, ${summary.hash}`,
            ];
      input.io.print(
        [...checked.problems, ...checked.warnings.map((line) => `warning: ${line}`), ...good].map((line) =>
          visible(line),
        ),
      );
    }
    return checked.usable ? 0 : ERRORS.invalid.exit;
  },
};

export const policyActivateCommand: Command = {
  meta: {
    name: 'policy activate',
    group: 'policy',
    summary: 'put a policy in force; a bad one changes nothing',
  },
  args: [FILE],
  options: REMOTE,
  async run(input) {
    const answer = await connect(input, 'operator').policies.activate(
      readTextFile(arg(input, 0), 'Name the policy file.'),
    );
    if (flag(input, 'json')) return input.io.printJson(answer);
    const warnings = answer.warnings.map(({ line, what, todo }) =>
      visible(`warning: line ${line}: ${what}; ${todo}`),
    );
    input.io.print([...warnings, `In force: version ${visible(answer.version)}, ${answer.hash}`]);
  },
};

export const toolsCheckCommand: Command = {
  meta: {
    name: 'tools check',
    group: 'policy',
    summary: 'import a tools module as a worker does, and list its tools',
    example: 'countersign tools check tools.js',
  },
  args: [{ name: 'MODULE', help: 'the module that exports the tools: .js, .mjs, .cjs, .ts' }],
  options: { facts: { type: 'boolean', help: 'print JSON, but tell errors in words', hidden: true } },
  async run(input) {
    const { checkTools } = await import('../../check-tools.js');
    const tools = await checkTools(arg(input, 0));
    if (flag(input, 'json') || flag(input, 'facts')) return input.io.printJson({ tools });
    const rows = tools.map(({ name, version, tier, categories }) => [
      visible(name),
      visible(version),
      `T${tier}`,
      categories.join(', '),
    ]);
    input.io.print(table(['TOOL', 'VERSION', 'TIER', 'CATEGORIES'], rows, input.io.width));
  },
};
