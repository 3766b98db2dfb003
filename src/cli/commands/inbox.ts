import type { InboxItem } from '../../contract/http.js';
import type { CountersignClient } from '../../sdk/client.js';
import { flag, REMOTE, text, usage, type Command, type Input } from '../command.js';
import { connect } from '../connect.js';
import { outage } from '../outage.js';
import { showInbox, twoLines } from '../render/lists.js';
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
    closed: { type: 'boolean', help: 'those that are closed instead, the latest asked first' },
    watch: { type: 'boolean', help: 'go on, and print each new question as it comes; Ctrl-C ends it' },
    limit: { type: 'string', value: 'N', help: 'how many; default 50, at most 200' },
    cursor: { type: 'string', value: 'NEXT', help: 'go on where a page ended' },
    ...REMOTE,
  },
  async run(input) {
    if (flag(input, 'watch')) return watchInbox(input);
    const page = await connect(input).escalations.list({
      role: text(input, 'role'),
      mine: flag(input, 'mine') ? true : undefined,
      state: flag(input, 'closed') ? 'closed' : undefined,
      cursor: text(input, 'cursor'),
      limit: limitOf(input),
    });
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print([
      ...showInbox(page.escalations, screenOf(input), flag(input, 'closed')),
      ...nextLine(page.next),
    ]);
  },
};

/** Often enough for a question that is to be answered within minutes. */
const EVERY_MS = 2_000;

/** Prints what waits, and then what comes, until somebody ends it. Another round or role of a question is a new one. */
async function watchInbox(input: Input): Promise<void> {
  if (flag(input, 'closed') || text(input, 'cursor') !== undefined)
    throw usage(input.command, '--watch shows what is open, all of it: leave out --closed and --cursor');
  const client = connect(input);
  const stopped = input.io.untilStopped().then(() => 'stopped' as const);
  const said = new Set<string>();
  const away = outage(input.io);
  do {
    await printNew(input, client, said).then(away.over, away.bear);
  } while ((await Promise.race([input.io.sleep(EVERY_MS), stopped])) !== 'stopped');
}

async function printNew(input: Input, client: CountersignClient, said: Set<string>): Promise<void> {
  for await (const item of openQuestions(input, client)) {
    const key = `${item.escalation} ${item.version} ${item.role}`;
    if (said.has(key)) continue;
    said.add(key);
    if (flag(input, 'json')) input.io.printJsonLine(item);
    else input.io.print(twoLines(item, screenOf(input)));
  }
}

/** All that waits, page by page, most pressing first. */
export async function* openQuestions(input: Input, client: CountersignClient): AsyncGenerator<InboxItem> {
  let cursor: string | undefined;
  do {
    const mine = input.options['mine'] === true ? true : undefined;
    const page = await client.escalations.list({ role: text(input, 'role'), mine, limit: 200, cursor });
    yield* page.escalations;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

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
