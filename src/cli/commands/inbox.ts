import { flag, REMOTE, text, type Command } from '../command.js';
import { connect } from '../connect.js';
import { showInbox } from '../render/lists.js';
import { fullArguments, showEscalation } from '../render/show-escalation.js';
import { ESCALATION_ARGUMENT, escalationArg } from './arguments.js';
import { limitOf, nextLine, screenOf } from './tasks.js';

export const inboxCommand: Command = {
  meta: {
    name: 'inbox',
    group: 'review',
    summary: 'list the questions that wait for you, most pressing first',
    example: 'countersign inbox --as amira',
  },
  args: [],
  options: {
    role: { type: 'string', value: 'ROLE', help: 'only those put to this role' },
    mine: { type: 'boolean', help: 'leave out what you asked for yourself' },
    closed: { type: 'boolean', help: 'those that are closed instead' },
    limit: { type: 'string', value: 'N', help: 'how many; default 50, at most 200' },
    cursor: { type: 'string', value: 'NEXT', help: 'go on where a page ended' },
    ...REMOTE,
  },
  async run(input) {
    const page = await connect(input).escalations.list({
      role: text(input, 'role'),
      mine: flag(input, 'mine') ? true : undefined,
      state: flag(input, 'closed') ? 'closed' : undefined,
      cursor: text(input, 'cursor'),
      limit: limitOf(input),
    });
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print([...showInbox(page.escalations, screenOf(input)), ...nextLine(page.next)]);
  },
};

export const showCommand: Command = {
  meta: {
    name: 'show',
    group: 'review',
    summary: 'show one question: what would run, why it stopped, what you may do',
    example: 'countersign show refund-7:1 --as amira',
  },
  args: [ESCALATION_ARGUMENT],
  options: { full: { type: 'boolean', help: 'all arguments, nothing folded' }, ...REMOTE },
  async run(input) {
    const escalation = escalationArg(input);
    const view = await connect(input).escalations.get(escalation);
    if (flag(input, 'json')) return input.io.printJson(view);
    input.io.print(
      flag(input, 'full') ? fullArguments(view, screenOf(input)) : showEscalation(view, screenOf(input)),
    );
  },
};
