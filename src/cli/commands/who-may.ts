import { parseDuration } from '../../contract/duration.js';
import type { DelegationView, RosterView } from '../../contract/http-who.js';
import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import {
  arg,
  flag,
  needed,
  REMOTE,
  text,
  usage,
  type Command,
  type Input,
  type OptionSpec,
} from '../command.js';
import { connect } from '../connect.js';
import { wrap } from '../render/layout.js';
import { showRoster } from '../render/show-roster.js';
import { ESCALATION_ARGUMENT, escalationArg } from './arguments.js';
import { screenOf } from './tasks.js';

export const claimCommand: Command = {
  meta: {
    name: 'claim',
    group: 'review',
    summary: 'show others that you look into a question, for 15 minutes; again = longer',
    example: 'countersign claim refund-7:1 --as amira',
    notes: ['It keeps nobody from deciding.'],
  },
  args: [ESCALATION_ARGUMENT],
  options: REMOTE,
  async run(input) {
    const claim = await connect(input, 'person').claims.claim(escalationArg(input));
    if (flag(input, 'json')) return input.io.printJson(claim);
    const until = timeOf(input, claim.claimedUntil ?? 0);
    input.io.print(wrap(`You look into it until ${until}.`, input.io.width));
  },
};

export const releaseCommand: Command = {
  meta: { name: 'release', group: 'review', summary: 'show that you no longer look into a question' },
  args: [ESCALATION_ARGUMENT],
  options: REMOTE,
  async run(input) {
    const claim = await connect(input, 'person').claims.release(escalationArg(input));
    if (flag(input, 'json')) return input.io.printJson(claim);
    input.io.print('Nobody looks into it now.');
  },
};

const WHEN = {
  from: { type: 'string', value: 'TIME', help: 'such as 2026-11-22T09:00:00Z; default now' },
  until: { type: 'string', value: 'TIME', help: 'such as 2026-11-29T09:00:00Z, or from now on: 3d' },
} as const satisfies Record<string, OptionSpec>;

export const delegateCommand: Command = {
  meta: {
    name: 'delegate',
    group: 'review',
    summary: 'let another person decide in your stead: one question, or one of your roles for a time',
    example: 'countersign delegate refund-7:1 --to joon --until 2d --why "..."',
    notes: [
      'For at most 30 days. What was passed on to you goes no further.',
      'With --role, which needs no ESC: while you are away.',
    ],
  },
  args: [{ ...ESCALATION_ARGUMENT, optional: true }],
  options: {
    to: { type: 'string', value: 'SUBJECT', help: 'who decides in your stead; required' },
    role: { type: 'string', value: 'ROLE', help: 'one of your own roles, in place of one question' },
    ...WHEN,
    why: { type: 'string', value: 'TEXT', help: 'the reason; required' },
    key: { type: 'string', value: 'KEY', help: 'Idempotency-Key: the same again is the same delegation' },
    ...REMOTE,
  },
  async run(input) {
    const made = await delegate(input);
    if (flag(input, 'json')) return input.io.printJson(made);
    const lasts = `${made.to} may decide in your stead until ${timeOf(input, made.until)}. To take it back:`;
    input.io.print([
      ...wrap(visible(lasts), input.io.width),
      `  countersign undelegate ${visible(made.delegation)}`,
    ]);
  },
};

function delegate(input: Input): Promise<DelegationView> {
  const role = text(input, 'role');
  if ((role === undefined) === (input.args[0] === undefined))
    throw usage(input.command, 'give either ESC or --role');
  const from = instantOf(input, 'from');
  const body = { to: needed(input, 'to'), until: requiredInstant(input, 'until'), why: needed(input, 'why') };
  const keyed = { idempotencyKey: text(input, 'key') };
  const { delegations } = connect(input, 'person');
  if (role !== undefined)
    return delegations.role({ ...body, role, ...(from === undefined ? {} : { from }) }, keyed);
  if (from !== undefined) throw usage(input.command, '--from belongs to --role: a question is passed on now');
  return delegations.question(escalationArg(input), body, keyed);
}

export const undelegateCommand: Command = {
  meta: {
    name: 'undelegate',
    group: 'review',
    summary: 'take a delegation back, by either of the two people',
  },
  args: [{ name: 'DELEGATION', help: 'its id, as `roster show` lists it' }],
  options: REMOTE,
  async run(input) {
    const made = await connect(input, 'person').delegations.revoke(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(made);
    input.io.print(wrap(visible(`${made.to} no longer decides in the stead of ${made.by}.`), input.io.width));
  },
};

export const rosterShowCommand: Command = {
  meta: {
    name: 'roster show',
    group: 'access',
    summary: 'who is in which role, who is away, who stands in for whom',
  },
  args: [],
  options: REMOTE,
  async run(input) {
    tell(input, await connect(input).roster.get());
  },
};

export const rosterSetCommand: Command = {
  meta: {
    name: 'roster set',
    group: 'access',
    summary: 'say who is in a role, where the policy leaves that to the store',
    example: 'countersign roster set night_shift --members amira,joon --as ruth',
  },
  args: [{ name: 'ROLE', help: 'a role with `kept: store` whose `owner` is a role of yours' }],
  options: {
    members: { type: 'string', value: 'A,B', help: 'everybody who is in it from now on; "" = nobody' },
    ...REMOTE,
  },
  async run(input) {
    const given = text(input, 'members');
    if (given === undefined) throw usage(input.command, '--members is missing');
    const members = given
      .split(',')
      .map((member) => member.trim())
      .filter((member) => member !== '');
    tell(input, await connect(input, 'person').roster.setMembers(arg(input, 0), members));
  },
};

export const rosterAbsentCommand: Command = {
  meta: {
    name: 'roster absent',
    group: 'access',
    summary: 'say when somebody is away: they do not count as there',
    example: 'countersign roster absent amira --until 2026-12-01T08:00:00Z --as amira',
    notes: ['What was said before is replaced; an end that is over ends it.'],
  },
  args: [{ name: 'SUBJECT', help: 'who is away' }],
  options: { ...WHEN, ...REMOTE },
  async run(input) {
    const from = instantOf(input, 'from');
    const until = requiredInstant(input, 'until');
    const absence = { subject: arg(input, 0), until, ...(from === undefined ? {} : { from }) };
    tell(input, await connect(input, 'person').roster.setAbsence(absence));
  },
};

function tell(input: Input, roster: RosterView): void {
  if (flag(input, 'json')) return input.io.printJson(roster);
  input.io.print(showRoster(roster, screenOf(input)));
}

function timeOf(input: Input, at: number): string {
  const { now, zone } = screenOf(input);
  return showTime(at, now, zone);
}

function requiredInstant(input: Input, name: string): number {
  needed(input, name);
  return instantOf(input, name) ?? 0;
}

/** A time, or a span from now on. Throws `usage` for what is neither. */
function instantOf(input: Input, name: string): number | undefined {
  const given = text(input, name);
  if (given === undefined) return undefined;
  const spanMs = parseDuration(given);
  const at = spanMs === undefined ? Date.parse(given) : input.io.now() + spanMs;
  if (Number.isFinite(at)) return Math.round(at);
  throw usage(
    input.command,
    `--${name} ${given} is neither a time such as 2026-11-22T09:00:00Z nor a span such as 3d`,
  );
}
