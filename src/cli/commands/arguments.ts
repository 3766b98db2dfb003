import { parseEscalationId } from '../../domain/ids.js';
import { arg, usage, type ArgumentSpec, type Input } from '../command.js';

export const TASK_ARGUMENT: ArgumentSpec = { name: 'TASK', help: 'name of the task' };
export const ESCALATION_ARGUMENT: ArgumentSpec = {
  name: 'ESC',
  help: 'id of the question, as the inbox shows it: task:operation',
};

/** The question a command is about. Throws `usage` for what cannot be the id of one. */
export function escalationArg(input: Input): string {
  const given = arg(input, 0);
  if (parseEscalationId(given) !== undefined) return given;
  throw usage(
    input.command,
    `${given} is not the id of a question, such as refund-7:1; the inbox shows them`,
  );
}
