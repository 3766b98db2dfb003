import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { loadCliConfig, type CliConfig } from '../config.js';
import { gatewayAddress } from '../setting-shapes.js';
import { embeddedFiles } from '../dev/embedded.js';
import { readStack } from '../dev/stack-file.js';
import { CountersignError } from '../domain/errors.js';
import { createClient, type CountersignClient } from '../sdk/client.js';
import { text, usage, type Input } from './command.js';
import { openLogins } from './logins.js';

const tokenFile = z.object({
  service: z.string(),
  operator: z.string(),
  people: z.record(z.string(), z.string()),
});

/** The tokens that `countersign dev` left in its data folder: for programs, for whoever runs it, and for each person of the policy. */
export type DevTokens = z.infer<typeof tokenFile>;

/** Whose token a command takes when none is named: only a person can do it, it is the operator's, or any program may. */
type Needs = 'person' | 'operator' | 'service';

/**
 * The client of the gateway that this command line means: `--url`, COUNTERSIGN_URL, or the running dev stack; as `--as`, COUNTERSIGN_TOKEN, the
 * login of that gateway, or a token of the dev stack whose gateway it is. Throws `config` or `usage` with what to do.
 */
export function connect(input: Input, needs: Needs = 'service'): CountersignClient {
  const url = gatewayUrl(input);
  const token = tokenOf(text(input, 'as'), { ...loadCliConfig(), url, now: input.io.now() }, needs);
  return createClient({ url, token, channel: 'cli' });
}

/** The address of the gateway that this command line means. Throws `usage` or `unreachable` with what to do. */
export function gatewayUrl(input: Input): string {
  const config = loadCliConfig();
  const wanted = text(input, 'url');
  const fault = wanted === undefined ? undefined : gatewayAddress.safeParse(wanted).error?.issues[0]?.message;
  if (fault !== undefined) throw usage(input.command, `--url ${withoutUser(wanted)} is ${fault}`);
  const url = wanted ?? config.url ?? readStack({ dataDir: config.dataDir })?.gatewayUrl;
  if (url === undefined) {
    throw new CountersignError(
      'unreachable',
      `No gateway is known: start \`countersign dev\` (data folder ${config.dataDir}), or set COUNTERSIGN_URL.`,
    );
  }
  return url;
}

/** An address as it may be printed: a password in it is nobody's to read. */
function withoutUser(url = ''): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1');
}

function tokenOf(
  subject: string | undefined,
  config: CliConfig & { readonly url: string; readonly now: number },
  needs: Needs,
): string {
  if (subject === undefined && config.token !== undefined) return config.token;
  const tokens = isOwnGateway(config) ? readTokens(config.dataDir) : undefined;
  const login = openLogins(config.configDir).of(config.url);
  if (login && login.expiresAt > config.now && subject === undefined && (needs !== 'operator' || !tokens))
    return login.token;
  if (tokens !== undefined) return devToken(tokens, subject, needs);
  if (subject !== undefined)
    throw new CountersignError(
      'usage',
      `--as takes the tokens of a running dev stack, and ${config.url} is not the gateway of the one in ${config.dataDir}: leave --as out and run \`countersign login\`, or set COUNTERSIGN_TOKEN.`,
    );
  throw new CountersignError(
    'unauthenticated',
    login
      ? 'Your login has ended: run `countersign login` again.'
      : 'No token is known: run `countersign login`, or set COUNTERSIGN_TOKEN (`countersign token create` makes one).',
  );
}

/** Whether an address is that of the running dev stack: its tokens are for nobody else's ears. */
function isOwnGateway({ url, dataDir }: { readonly url: string; readonly dataDir: string }): boolean {
  const own = readStack({ dataDir })?.gatewayUrl;
  return own !== undefined && placeOf(own) === placeOf(url);
}

function placeOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${hostname === 'localhost' ? '127.0.0.1' : hostname}:${port}`;
}

function devToken(tokens: DevTokens, subject: string | undefined, needs: Needs): string {
  const people = Object.keys(tokens.people).join(', ');
  if (subject === undefined && needs === 'person') {
    throw new CountersignError(
      'usage',
      `Say who decides: --as SUBJECT (${people || 'nobody yet'}), or set COUNTERSIGN_TOKEN.`,
    );
  }
  const name = subject ?? needs;
  const token = name === 'service' || name === 'operator' ? tokens[name] : tokens.people[name];
  if (token === undefined)
    throw new CountersignError(
      'usage',
      `The dev stack has no token for ${subject || '""'}: it has them for ${people || 'nobody yet'}. It makes them, when it starts, for everybody in the policy in force.`,
    );
  return token;
}

function readTokens(dataDir: string): DevTokens | undefined {
  try {
    return tokenFile.parse(JSON.parse(readFileSync(embeddedFiles(dataDir).tokens, 'utf8')));
  } catch {
    return undefined;
  }
}
