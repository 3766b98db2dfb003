import { arg, flag, text, usage, type Command } from '../command.js';
import { csvMatrix, htmlMatrix, showMatrix } from '../render/show-matrix.js';
import { POLICY_ARGUMENT, TOOLS_OPTION } from './policy-test.js';

const FORMATS: readonly string[] = ['text', 'csv', 'html'];

export const policyMatrixCommand: Command = {
  meta: {
    name: 'policy matrix',
    group: 'policy',
    summary: 'tell who decides what: for each agent and tool, and for each rule',
    example: 'countersign policy matrix policy.yaml --tools tools.js --format html > matrix.html',
    notes: ['A tool that no module declares counts as tier 4, as at the gate, and is shown as T4?.'],
  },
  args: [POLICY_ARGUMENT],
  options: {
    tools: TOOLS_OPTION,
    format: { type: 'string', value: 'FORMAT', help: 'text, csv or html; default text' },
  },
  async run(input) {
    const format = text(input, 'format') ?? 'text';
    if (!FORMATS.includes(format))
      throw usage(input.command, `--format ${format} is none of ${FORMATS.join(', ')}`);
    const { matrixOfFile } = await import('../../policy-files.js');
    const matrix = await matrixOfFile({ policy: arg(input, 0), tools: text(input, 'tools') });
    if (flag(input, 'json')) return input.io.printJson(matrix);
    if (format === 'text') return input.io.print(showMatrix(matrix, input.io.width));
    input.io.print(format === 'csv' ? csvMatrix(matrix) : htmlMatrix(matrix));
  },
};
