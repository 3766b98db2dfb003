import { CountersignError, ERRORS } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import type { Comparison } from '../../policy-files.js';
import type { CountersignClient } from '../../sdk/client.js';
import { readTextFile } from '../../text-file.js';
import { arg, flag, REMOTE, text, usage, type Command, type Input } from '../command.js';
import { connect } from '../connect.js';
import { wrapHanging } from '../render/layout.js';
import { TOOLS_OPTION } from './policy-test.js';

export const policyActivateCommand: Command = {
  meta: {
    name: 'policy activate',
    group: 'policy',
    summary: 'put a policy in force; a bad one changes nothing',
    example: 'countersign policy activate policy.yaml --cases cases.yaml --tools tools.js --dry-run',
    notes: [
      'With --cases it tells first which verdicts become tighter or looser than under the policy in force, and ends with 6, nothing changed, when a case fails.',
    ],
  },
  args: [{ name: 'FILE', help: 'the policy, YAML' }],
  options: {
    cases: { type: 'string', value: 'FILE', help: 'the cases that must hold, YAML' },
    tools: TOOLS_OPTION,
    'dry-run': { type: 'boolean', help: 'tell what would change, and change nothing; needs --cases' },
    ...REMOTE,
  },
  async run(input) {
    const cases = text(input, 'cases');
    if (cases === undefined && (flag(input, 'dry-run') || text(input, 'tools') !== undefined))
      throw usage(input.command, 'only --cases tells what would change: name the cases too');
    const client = connect(input, 'operator');
    const source = readTextFile(arg(input, 0), 'Name the policy file.');
    const comparison = cases === undefined ? null : await compared(input, client, { source, cases });
    const fails = comparison !== null && comparison.failures.length > 0;
    const answer = fails || flag(input, 'dry-run') ? null : await client.policies.activate(source);
    if (flag(input, 'json'))
      input.io.printJson({ ...answer, ...(comparison === null ? {} : { comparison }) });
    else tell(input, comparison, answer);
    return fails ? ERRORS['policy-refused'].exit : 0;
  },
};

async function compared(
  input: Input,
  client: CountersignClient,
  { source, cases }: { readonly source: string; readonly cases: string },
): Promise<Comparison> {
  const { comparePolicies } = await import('../../policy-files.js');
  const files = { policy: arg(input, 0), cases, tools: text(input, 'tools') };
  return comparePolicies(files, { source, inForce: await sourceInForce(client) });
}

async function sourceInForce(client: CountersignClient): Promise<string | null> {
  try {
    return (await client.policies.active()).source;
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'not-found') return null;
    throw error;
  }
}

type Activated = Awaited<ReturnType<CountersignClient['policies']['activate']>>;

function tell(input: Input, comparison: Comparison | null, answer: Activated | null): void {
  const lines = [
    ...(comparison === null ? [] : comparisonLines(comparison)),
    ...outcomeLines(comparison, answer),
  ];
  input.io.print(lines.flatMap((line) => wrapHanging(visible(line), input.io.width)));
}

function outcomeLines(comparison: Comparison | null, answer: Activated | null): readonly string[] {
  const failures = comparison?.failures ?? [];
  if (failures.length > 0)
    return [...failures, 'Not activated: a case fails. Correct the policy or the case.'];
  if (answer === null) return ['Not activated: this was a dry run.'];
  const warnings = answer.warnings.map(({ line, what, todo }) => `warning: line ${line}: ${what}; ${todo}`);
  return [...warnings, `In force: version ${answer.version}, ${answer.hash}`];
}

function comparisonLines({ changes, cases }: Comparison): readonly string[] {
  if (changes === null) return [`Nothing in force to compare ${cases} cases with.`];
  return [
    `${changes.length} of ${cases} verdicts change.`,
    ...changes.map(({ name, becomes, before, after }) => `  ${becomes}: ${name}: ${before} -> ${after}`),
  ];
}
