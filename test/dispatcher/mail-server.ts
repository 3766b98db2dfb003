import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail server that takes, refuses with a code, or keeps the sender waiting. */
export interface MailServer {
  readonly url: string;
  /** Whole mails that were taken. */
  readonly mails: string[];
  /** Mails that arrived; taken or not. */
  begun: number;
  refuse: number | null;
  /** Whoever signed in, `name:password`. */
  readonly logins: string[];
  /** From now on no mail is answered until what it returns is called. */
  hold(): () => void;
  close(): Promise<void>;
}

export function mailServer(): Promise<MailServer> {
  let held = Promise.resolve();
  const state: Pick<MailServer, 'mails' | 'begun' | 'refuse' | 'logins' | 'hold'> = {
    mails: [],
    begun: 0,
    refuse: null,
    logins: [],
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
  };
  const take = async (mail: string, done: () => void) => {
    await held;
    state.mails.push(mail);
    done();
  };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      state.logins.push(`${username}:${password}`);
      done(null, { user: username });
    },
    onRcptTo(_address, _session, done) {
      done(
        state.refuse === null ? null : Object.assign(new Error('not now'), { responseCode: state.refuse }),
      );
    },
    onData(stream, _session, done) {
      state.begun += 1;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => void take(Buffer.concat(chunks).toString('utf8'), done));
    },
  });
  server.on('error', () => undefined); // a sender that gave up
  return new Promise((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      const { port } = listening.address() as AddressInfo; // it listens on a TCP port
      const made = {
        url: `smtp://127.0.0.1:${port}`,
        close: () => new Promise<void>((closed) => server.close(closed)),
      };
      resolve(Object.assign(state, made));
    });
  });
}
