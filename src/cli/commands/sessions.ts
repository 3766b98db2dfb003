import { visible } from '../../domain/sanitise.js';
import { arg, flag, REMOTE, type Command } from '../command.js';
import { connect } from '../connect.js';
import { table } from '../render/layout.js';

export const signInLinkCommand: Command = {
  meta: {
    name: 'sign-in-link',
    group: 'access',
    summary: 'make a link that signs a person in to the pages, once',
    example: 'countersign sign-in-link amira',
    notes: ['The link is good for ten minutes. Whoever opens it and presses its button is that person.'],
  },
  args: [{ name: 'SUBJECT', help: 'who signs in' }],
  options: { url: REMOTE.url },
  async run(input) {
    const link = await connect(input, 'operator').sessions.link(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(link);
    input.io.print([
      visible(link.url),
      `Signs in ${visible(link.subject)}, once, until ${new Date(link.expiresAt).toISOString()}.`,
    ]);
  },
};

export const sessionListCommand: Command = {
  meta: {
    name: 'session list',
    group: 'access',
    summary: "list the sessions of the pages: the operator everybody's, a person their own",
  },
  args: [],
  options: REMOTE,
  async run(input) {
    const { sessions } = await connect(input, 'operator').sessions.list();
    if (flag(input, 'json')) return input.io.printJson({ sessions });
    const rows = sessions.map((session) => [
      session.id,
      visible(session.subject),
      session.revokedAt === null ? `until ${new Date(session.expiresAt).toISOString()}` : 'revoked',
      `seen ${new Date(session.seenAt).toISOString()}`,
      visible(session.issuer),
    ]);
    input.io.print(table(['SESSION', 'SUBJECT', 'STATE', 'USED', 'BY'], rows, input.io.width));
  },
};

export const sessionRevokeCommand: Command = {
  meta: { name: 'session revoke', group: 'access', summary: 'end a session at once' },
  args: [{ name: 'SESSION', help: 'id of the session' }],
  options: REMOTE,
  async run(input) {
    const answer = await connect(input, 'operator').sessions.revoke(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(answer);
    input.io.print(`Ended ${visible(answer.session)}.`);
  },
};
