import { ERRORS } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, text, type Command, type OptionSpec } from '../command.js';
import { wrapHanging } from '../render/layout.js';

export const POLICY_ARGUMENT = { name: 'POLICY', help: 'the policy, YAML' };
export const CASES_OPTION = {
  type: 'string',
  value: 'FILE',
  help: 'the cases, YAML; default cases.yaml beside the policy',
} as const satisfies OptionSpec;
export const TOOLS_OPTION = {
  type: 'string',
  value: 'MODULE',
  help: 'take tiers, categories and impacts from the tools of this module',
} as const satisfies OptionSpec;

export const policyTestCommand: Command = {
  meta: {
    name: 'policy test',
    group: 'policy',
    summary: 'run a policy against a table of cases, with rule coverage',
    example: 'countersign policy test policy.yaml --cases cases.yaml --tools tools.js',
    notes: [
      'Ends with 0 when every case is as expected and every rule, limit, always-ask category and tool level that the policy states fires in one case and not in another; 6 when not; 2 when a file cannot be used.',
    ],
  },
  args: [POLICY_ARGUMENT],
  options: {
    cases: CASES_OPTION,
    tools: TOOLS_OPTION,
    'no-coverage': { type: 'boolean', help: 'tell what is not covered, but pass without' },
  },
  async run(input) {
    const { testPolicyFiles } = await import('../../policy-files.js');
    const { report, lines } = await testPolicyFiles(
      { policy: arg(input, 0), cases: text(input, 'cases'), tools: text(input, 'tools') },
      !flag(input, 'no-coverage'),
    );
    if (flag(input, 'json')) input.io.printJson(report);
    else input.io.print(lines.flatMap((line) => wrapHanging(visible(line), input.io.width)));
    return report.passed ? 0 : ERRORS['policy-refused'].exit;
  },
};
