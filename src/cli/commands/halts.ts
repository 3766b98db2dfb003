import type { HaltRequest, HaltView } from '../../contract/http.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, needed, REMOTE, text, usage, type Command, type Input } from '../command.js';
import { connect } from '../connect.js';
import { showHalts } from '../render/lists.js';
import { screenOf } from './tasks.js';

const SCOPES = ['task', 'agent', 'tenant', 'all'] as const;

export const haltCommand: Command = {
  meta: {
    name: 'halt',
    group: 'stop',
    summary: 'stop a task, an agent, the tenant or everything; nothing new starts',
    example: 'countersign halt agent support --why "..."',
  },
  args: [
    { name: 'SCOPE', help: 'task, agent, tenant or all' },
    { name: 'ID', help: 'the task or agent', optional: true },
  ],
  options: {
    why: { type: 'string', value: 'TEXT', help: 'the reason; required' },
    key: { type: 'string', value: 'KEY', help: 'Idempotency-Key: the same again is the same halt' },
    ...REMOTE,
  },
  async run(input) {
    const request = requestOf(input);
    const halt = await connect(input, 'operator').halts.set(request, { idempotencyKey: text(input, 'key') });
    if (flag(input, 'json')) return input.io.printJson(halt);
    const id = visible(halt.halt);
    input.io.print([
      `Halted (${id}). Another person lifts it: countersign lift ${id} --as SUBJECT --why "..."`,
      ...(halt.scope === 'all' ? [LIFTING_ALL] : []),
    ]);
    await doubtName(input, halt);
  },
};

/** No token of a person has that scope unless an operator gave it. */
const LIFTING_ALL =
  'with a token of theirs for it: countersign token create --kind personal --subject SUBJECT --scope halt:all.';

/** A halt of an agent that never had a task is in force all the same; it may be a slip of the pen. */
async function doubtName(input: Input, { scope, target }: HaltView): Promise<void> {
  if (scope !== 'agent' || target === null) return;
  try {
    const { tasks } = await connect(input).tasks.list({ agent: target, limit: 1 });
    if (tasks.length === 0)
      input.io.complain(`No task of an agent ${visible(target)} was ever submitted: is that its name?`);
  } catch {
    // a failed look-up must not make a halt that is set look like one that is not
  }
}

function requestOf(input: Input): HaltRequest {
  const scope = SCOPES.find((name) => name === arg(input, 0));
  if (scope === undefined)
    throw usage(input.command, `${arg(input, 0)} is no scope: task, agent, tenant or all`);
  const target = input.args[1];
  if (scope === 'tenant' || scope === 'all') {
    if (target !== undefined) throw usage(input.command, `${scope} takes no ID`);
    return { scope, why: needed(input, 'why') };
  }
  if (target === undefined) throw usage(input.command, `which ${scope}? Its ID is missing`);
  return { scope, target, why: needed(input, 'why') };
}

export const liftCommand: Command = {
  meta: { name: 'lift', group: 'stop', summary: 'lift a halt that somebody else set, in another role' },
  args: [{ name: 'HALT', help: 'id of the halt' }],
  options: { why: { type: 'string', value: 'TEXT', help: 'the reason; required' }, ...REMOTE },
  async run(input) {
    const halt = await connect(input, 'person').halts.lift(arg(input, 0), { why: needed(input, 'why') });
    if (flag(input, 'json')) return input.io.printJson(halt);
    input.io.print(`Lifted (${visible(halt.halt)}). Questions under it are asked anew.`);
  },
};

export const haltsCommand: Command = {
  meta: { name: 'halts', group: 'stop', summary: 'list the halts in force' },
  args: [],
  options: { all: { type: 'boolean', help: 'lifted ones too' }, ...REMOTE },
  async run(input) {
    const page = await connect(input).halts.list({ state: flag(input, 'all') ? 'all' : 'in-force' });
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print(showHalts(page.halts, screenOf(input)));
  },
};
