import { ERRORS } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, text, type Command } from '../command.js';
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
