import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { loadCliConfig } from '../../config.js';
import { CountersignError } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { createClient } from '../../sdk/client.js';
import { fetchLogin } from '../../sdk/login.js';
import { flag, REMOTE, type Command } from '../command.js';
import { gatewayUrl } from '../connect.js';
import { openLogins } from '../logins.js';
import { listenForCode } from '../loopback.js';

/** So long is the browser waited for. */
const WAIT_MS = 5 * 60_000;

export const loginCommand: Command = {
  meta: {
    name: 'login',
    group: 'access',
    summary: 'sign in with the browser, and act as yourself here until twelve hours after that',
    notes: [
      'Prints an address, and opens it in a terminal. The page asks whether this terminal may act as you. Other commands then use the login of that gateway, unless COUNTERSIGN_TOKEN or --as says otherwise.',
    ],
  },
  args: [],
  options: {
    'no-browser': { type: 'boolean', help: 'print the address only' },
    url: REMOTE.url,
  },
  async run(input) {
    const url = gatewayUrl(input);
    const [verifier, state] = [secret(), secret()];
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const loopback = await listenForCode(state, WAIT_MS);
    try {
      const query = new URLSearchParams({ port: String(loopback.port), challenge, state });
      const address = new URL(`/terminal?${query.toString()}`, url).href;
      input.io.complain(['Open this address in a browser on this machine:', address]);
      if (input.io.terminal && !flag(input, 'no-browser')) openBrowser(address);
      const code = await loopback.code();
      if (code === undefined)
        throw new CountersignError('unauthenticated', 'Nobody signed in within five minutes: try again.');
      const login = await fetchLogin(url, { code, verifier });
      openLogins(loadCliConfig().configDir).keep(url, login);
      const { subject, expiresAt } = login;
      if (flag(input, 'json')) return input.io.printJson({ gateway: url, subject, expiresAt });
      input.io.print(`You are ${visible(subject)} here until ${new Date(expiresAt).toISOString()}.`);
    } finally {
      loopback.close();
    }
  },
};

export const logoutCommand: Command = {
  meta: { name: 'logout', group: 'access', summary: 'end the login of this gateway, there and here' },
  args: [],
  options: { url: REMOTE.url },
  async run(input) {
    const url = gatewayUrl(input);
    const logins = openLogins(loadCliConfig().configDir);
    const login = logins.of(url);
    if (login === undefined)
      throw new CountersignError('not-found', `There is no login for ${url} on this machine.`);
    await endThere(url, login);
    logins.drop(url);
    if (flag(input, 'json')) return input.io.printJson({ gateway: url, subject: login.subject });
    input.io.print(`${visible(login.subject)} is logged out.`);
  },
};

/** A token that has ended already needs no end; one that cannot be ended now stays known here, so that it can be tried again. */
async function endThere(url: string, { id, token }: { readonly id: string; readonly token: string }) {
  try {
    await createClient({ url, token }).tokens.revoke(id);
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'unauthenticated') throw error;
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Nothing depends on it: the address stands on the terminal. */
function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', address]
        : ['xdg-open', address];
  if (command === undefined) return;
  const opened = spawn(command, args, { stdio: 'ignore', detached: true });
  opened.on('error', () => undefined);
  opened.unref();
}
