import type { HookPage } from '../../contract/http-hooks.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, REMOTE, type Command } from '../command.js';
import { connect } from '../connect.js';
import { table } from '../render/layout.js';

export const hooksCommand: Command = {
  meta: {
    name: 'hooks',
    group: 'access',
    summary: 'list web hooks: who is told, what waits, what was given up',
    notes: ['Needs a token with the scope policy. They are set up in the file of COUNTERSIGN_HOOKS_FILE.'],
  },
  args: [],
  options: REMOTE,
  async run(input) {
    const page = await connect(input, 'operator').hooks.list();
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print([...targetLines(page, input.io.width), ...integrationLines(page, input.io.width)]);
  },
};

export const hooksEnableCommand: Command = {
  meta: {
    name: 'hooks enable',
    group: 'access',
    summary: 'tell a web hook again that answered 410, what waited first',
  },
  args: [{ name: 'HOOK', help: 'id of the web hook' }],
  options: REMOTE,
  async run(input) {
    const answer = await connect(input, 'operator').hooks.enable(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(answer);
    input.io.print(`${visible(answer.hook)} is told again.`);
  },
};

function targetLines({ targets }: HookPage, width: number): string[] {
  if (targets.length === 0) return ['Nobody is told by web hook.'];
  const rows = targets.map(({ hook, disabledAt, waiting, dead, error, events }) => [
    visible(hook),
    disabledAt === null ? 'on' : 'disabled',
    String(waiting),
    String(dead),
    visible(error ?? '-'),
    events.join(',') || 'call-backs',
  ]);
  return table(['HOOK', 'STATE', 'WAITING', 'GIVEN UP', 'ERROR', 'EVENTS'], rows, width);
}

function integrationLines({ integrations }: HookPage, width: number): string[] {
  if (integrations.length === 0) return [];
  const rows = integrations.map(({ integration, reviewers, signedWithOldSecret }) => [
    visible(integration),
    String(reviewers),
    String(signedWithOldSecret),
  ]);
  return ['', ...table(['INTEGRATION', 'REVIEWERS', 'SIGNED WITH AN OLD SECRET'], rows, width)];
}
