import { closedAs } from '../../contract/closing-record.js';
import { parseDuration } from '../../contract/duration.js';
import type { AnomalyView, CloseRequest } from '../../contract/http-anomalies.js';
import { showTime } from '../../contract/show-time.js';
import { CountersignError } from '../../domain/errors.js';
import type { CountersignClient } from '../../sdk/client.js';
import { arg, flag, needed, REMOTE, text, usage, type Command, type Input } from '../command.js';
import { connect } from '../connect.js';
import { showAnomalies } from '../render/show-anomalies.js';
import { wrap } from '../render/layout.js';
import { limitOf, nextLine, screenOf } from './tasks.js';

const STATES = ['open', 'closed', 'all'] as const;

export const anomaliesCommand: Command = {
  meta: {
    name: 'anomalies',
    group: 'review',
    summary: 'list what the policy did not expect, each kind once',
    example: 'countersign anomalies --state all',
  },
  args: [],
  options: {
    state: { type: 'string', value: 'STATE', help: 'open (default), closed or all' },
    limit: { type: 'string', value: 'N', help: 'how many; default 50, at most 200' },
    cursor: { type: 'string', value: 'NEXT', help: 'go on where a page ended' },
    ...REMOTE,
  },
  async run(input) {
    const page = await connect(input).anomalies.list({
      state: stateOf(input),
      cursor: text(input, 'cursor'),
      limit: limitOf(input),
    });
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print([...showAnomalies(page.anomalies, screenOf(input)), ...nextLine(page.next)]);
  },
};

function stateOf(input: Input): (typeof STATES)[number] | undefined {
  const given = text(input, 'state');
  const state = STATES.find((name) => name === given);
  if (given !== undefined && state === undefined)
    throw usage(input.command, `--state ${given} is none of ${STATES.join(', ')}`);
  return state;
}

export const anomaliesCloseCommand: Command = {
  meta: {
    name: 'anomalies close',
    group: 'review',
    summary: 'say what an anomaly turned out to be, and what was learnt',
    example: 'countersign anomalies close expected ID --learnt "..." --for 7d',
    notes: [
      'expected: for so long the rule of the policy does not ask by itself about this agent, tool and situation; it notifies, and everything else asks as before. fixed, incident: it opens again when it is seen again.',
    ],
  },
  args: [
    { name: 'WHAT', help: 'expected, fixed or incident' },
    { name: 'ID', help: 'id of the anomaly, or its beginning' },
  ],
  options: {
    learnt: { type: 'string', value: 'TEXT', help: 'what was learnt; required' },
    for: {
      type: 'string',
      value: 'SPAN',
      help: 'how long it is expected, such as 7d; default: as long as the policy lets',
    },
    key: { type: 'string', value: 'KEY', help: 'Idempotency-Key: the same again is the same closing' },
    ...REMOTE,
  },
  async run(input) {
    const request = requestOf(input);
    const keyed = { idempotencyKey: text(input, 'key') };
    const client = connect(input, 'person');
    const closed = await client.anomalies.close(await wholeId(input, client), request, keyed);
    if (flag(input, 'json')) return input.io.printJson(closed);
    input.io.print(wrap(`Closed as ${request.as}. ${thenOf(input, closed)}`, input.io.width));
  },
};

/** As long as an id is. */
const ID_LENGTH = 43;

/** The id that begins so. Throws `not-found` or `usage` unless exactly one does. */
async function wholeId(input: Input, client: CountersignClient): Promise<string> {
  const given = arg(input, 1);
  if (given.length >= ID_LENGTH) return given;
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.anomalies.list({ state: 'all', limit: 200, cursor });
    found.push(...page.anomalies.map(({ anomaly }) => anomaly).filter((id) => id.startsWith(given)));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  const [only, other] = found;
  if (only === undefined)
    throw new CountersignError(
      'not-found',
      `No anomaly begins with ${given}: \`countersign anomalies\` lists them.`,
    );
  if (other !== undefined)
    throw usage(input.command, `${given} begins ${found.length} anomalies: ${found.join(', ')}`);
  return only;
}

function thenOf(input: Input, { builtIn, closing }: AnomalyView): string {
  const until = closing?.until ?? null;
  if (until === null) return 'When it is seen again it opens again.';
  if (builtIn) return 'It is one of the gate itself, which asks all the same.';
  return `It notifies, and does not ask by itself, until ${showTime(until, input.io.now(), input.io.zone)}.`;
}

function requestOf(input: Input): CloseRequest {
  const as = closedAs.safeParse(arg(input, 0)).data;
  if (as === undefined)
    throw usage(input.command, `${arg(input, 0)} is none of ${closedAs.options.join(', ')}`);
  const learnt = needed(input, 'learnt');
  const span = text(input, 'for');
  if (span === undefined) return { as, learnt };
  if (as !== 'expected') throw usage(input.command, '--for belongs to expected');
  if (parseDuration(span) === undefined)
    throw usage(input.command, `--for ${span} is not a span such as 12h or 7d`);
  return { as, learnt, for: span };
}
