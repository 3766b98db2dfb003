import { visible } from '../../domain/sanitise.js';
import { arg, flag, REMOTE, text, texts, usage, wholeNumber, type Command } from '../command.js';
import { connect } from '../connect.js';
import { table } from '../render/layout.js';

export const tokenCreateCommand: Command = {
  meta: {
    name: 'token create',
    group: 'access',
    summary: 'make a token; its text is printed once',
    example: 'countersign token create --kind personal --subject amira',
  },
  args: [],
  options: {
    kind: {
      type: 'string',
      value: 'KIND',
      help: 'personal (a reviewer) or service (submits and reads, never decides)',
    },
    subject: { type: 'string', value: 'NAME', help: 'whose it is' },
    scope: {
      type: 'string',
      value: 'SCOPE',
      help: 'on-behalf, halt, halt:all, policy or tokens; may be given several times',
      multiple: true,
    },
    days: { type: 'string', value: 'N', help: 'how long it is good for, 1 to 90; default 90' },
    ...REMOTE,
  },
  async run(input) {
    const kind = text(input, 'kind');
    const subject = text(input, 'subject');
    if ((kind !== 'personal' && kind !== 'service') || subject === undefined)
      throw usage(input.command, 'give --kind personal or service, and --subject');
    const token = await connect(input, 'operator').tokens.create({
      kind,
      subject,
      scopes: texts(input, 'scope'),
      ttlDays: wholeNumber(input, 'days', { min: 1, max: 90 }) ?? 90,
    });
    if (flag(input, 'json')) return input.io.printJson(token);
    input.io.print([
      visible(token.token),
      `Keep it: it is not shown again. Id ${token.id}, ${token.kind}, until ${new Date(token.expiresAt).toISOString()}.`,
    ]);
  },
};

export const tokenListCommand: Command = {
  meta: {
    name: 'token list',
    group: 'access',
    summary: "list tokens, without their texts: the operator everybody's, a person their own",
  },
  args: [],
  options: REMOTE,
  async run(input) {
    const { tokens } = await connect(input, 'operator').tokens.list();
    if (flag(input, 'json')) return input.io.printJson({ tokens });
    const rows = tokens.map((token) => [
      token.id,
      token.kind,
      visible(token.subject),
      state(token),
      token.scopes.join(','),
    ]);
    input.io.print(table(['TOKEN', 'KIND', 'SUBJECT', 'STATE', 'SCOPES'], rows, input.io.width));
  },
};

function state(token: { readonly revokedAt: number | null; readonly expiresAt: number }): string {
  return token.revokedAt === null
    ? `until ${new Date(token.expiresAt).toISOString().slice(0, 10)}`
    : 'revoked';
}

export const tokenRevokeCommand: Command = {
  meta: {
    name: 'token revoke',
    group: 'access',
    summary: 'make a token useless at once, or everything of a person',
    example: 'countersign token revoke --person amira',
  },
  args: [{ name: 'TOKEN', help: 'id of the token', optional: true }],
  options: {
    person: { type: 'string', value: 'NAME', help: 'every token and session of this person instead' },
    ...REMOTE,
  },
  async run(input) {
    const person = text(input, 'person');
    const [token] = input.args;
    if ((person === undefined) === (token === undefined))
      throw usage(input.command, 'give the id of a token, or --person');
    const client = connect(input, 'operator');
    if (person !== undefined) {
      const ended = await client.sessions.revokePerson(person);
      if (flag(input, 'json')) return input.io.printJson(ended);
      input.io.print(
        `Revoked everything of ${visible(ended.subject)}: tokens ${ended.tokens}, sessions ${ended.sessions}.`,
      );
      return;
    }
    const answer = await client.tokens.revoke(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(answer);
    input.io.print(`Revoked ${visible(answer.token)}.`);
  },
};
