import { readFileSync, statSync } from 'node:fs';
import { checkAgainst } from './check-policy.js';
import type { ToolFacts } from './domain/action.js';
import { CountersignError } from './domain/errors.js';
import { isName, type TenantId } from './domain/ids.js';
import { problemLine } from './policy/check.js';
import { loadPolicy } from './policy/load.js';
import { firstUse } from './ready-database.js';
import { openDatabase, type Database } from './store/database.js';
import { EVERY_TENANT } from './store/halts.js';
import { appendJournal, TENANT_CHAIN } from './store/journal.js';
import { migrate } from './store/migrate.js';
import { forgetNamespace } from './store/namespace.js';
import { activatePolicy, activePolicyHash, findPolicy, type PolicyRow } from './store/policies.js';
import { createToken, findToken, MAX_TOKEN_AGE_MS, type NewToken } from './store/tokens.js';
import { openTextFile, readTextFile } from './text-file.js';

/** What an installation begins with, beside its keys. */
export interface Provision {
  readonly databaseUrl: string;
  readonly tenant: string;
  readonly policyFile: string | undefined;
  /** Whether the given policy takes the place of another one that is in force; the first policy is activated in any case. */
  readonly replace: boolean;
  /** Where the tokens go: `{ service, operator, people: { SUBJECT } }`, 0600. Undefined: none are made. */
  readonly tokensFile: string | undefined;
  /** Whether the Temporal namespace of the next worker or gateway takes the place of the one that is kept. */
  readonly forgetNamespace: boolean;
}

/** What stands afterwards. */
export interface Provisioned {
  /** The version in force; null when no policy was ever activated. */
  readonly policyVersion: string | null;
  /** The version whose place the given policy took just now; null when none did, or it was the same. */
  readonly replaced: string | null;
  /** The version given that was not put in force, because another one is; null when there is none. */
  readonly notActivated: string | null;
  readonly people: readonly string[];
  /** Whose token in the file was revoked: it stays there, and no other is made in its place. */
  readonly revoked: readonly string[];
}

/** What agents' programs get: they submit and read, and can stop things. People get no scopes, their roles decide. */
const SERVICE_SCOPES = ['on-behalf', 'halt'];
/** Whoever may make tokens and policies can become anybody: a token of its own, which no agent is ever given. */
const OPERATOR_SCOPES = ['halt', 'halt:all', 'policy', 'tokens'];

/**
 * Throws what `provision` would throw before it touches the database; where the tools are known, the policy has to fit them too. Gives what
 * `policy check` warns of, a line each.
 */
export function checkProvision(
  { tenant, policyFile }: Pick<Provision, 'tenant' | 'policyFile'>,
  tools: readonly ToolFacts[] | null = null,
): readonly string[] {
  tenantOf(tenant);
  if (policyFile === undefined) return [];
  const { usable, problems, warnings } = checkAgainst(policyFile, tools);
  return usable ? warnings : unusable(problems);
}

/**
 * Migrates the database, activates the policy, makes the tokens. Repeating it changes nothing. Throws `invalid` with every policy problem,
 * `usage` for a file that cannot be read or written: both before anything is changed.
 */
export async function provision(wanted: Provision): Promise<Provisioned> {
  const tenant = tenantOf(wanted.tenant);
  const given = wanted.policyFile === undefined ? undefined : readPolicy(wanted.policyFile);
  const before = wanted.tokensFile === undefined ? undefined : readTokens(wanted.tokensFile);
  const file = wanted.tokensFile === undefined ? undefined : openTextFile(wanted.tokensFile, 0o600);
  const database = openDatabase({ url: wanted.databaseUrl, maxConnections: 2 });
  try {
    await firstUse(wanted.databaseUrl, () => migrate(wanted.databaseUrl));
    if (wanted.forgetNamespace) await forgetNamespace(database);
    const was = await policyInForce(database, tenant);
    const put = given && (was === undefined || wanted.replace) ? given : undefined;
    if (put) await activatePolicy(database, { ...put, tenant, author: 'local' });
    const now = put ?? was;
    const people = now === undefined ? [] : membersOf(now.source);
    const tokens = file && before && (await makeTokens(database, tenant, people, before));
    if (tokens) file.write(tokens.text);
    return {
      policyVersion: now?.version ?? null,
      replaced: was && was.hash !== now?.hash ? was.version : null,
      notActivated: given && given.hash !== now?.hash ? given.version : null,
      people,
      revoked: tokens?.revoked ?? [],
    };
  } finally {
    file?.drop();
    await database.close();
  }
}

/** The tenant's name. Throws `usage`: one that no token could carry would leave an installation that nobody can use. */
function tenantOf(given: string): TenantId {
  if (given === EVERY_TENANT)
    throw new CountersignError(
      'usage',
      `"${given}" is reserved for what concerns every tenant: give another name.`,
    );
  if (isName(given)) return given as TenantId; // just checked
  throw new CountersignError(
    'usage',
    `"${given}" cannot be a tenant's name: give 1 to 128 letters, digits, \`.\`, \`_\`, \`~\` or \`-\`.`,
  );
}

function readPolicy(path: string): PolicyRow {
  const source = readTextFile(path, 'Name the policy file.');
  const loaded = loadPolicy(source);
  if ('policy' in loaded) return { hash: loaded.policy.hash, version: loaded.policy.version, source };
  return unusable(loaded.problems.map((problem) => problemLine(path, problem)));
}

function unusable(problems: readonly string[]): never {
  throw new CountersignError('invalid', `The policy cannot be used:\n${problems.join('\n')}`);
}

async function policyInForce(database: Database, tenant: TenantId): Promise<PolicyRow | undefined> {
  const hash = await activePolicyHash(database, tenant);
  return hash && (await findPolicy(database, hash));
}

/** Everybody in the roles of a policy; nobody when a policy of an earlier version can no longer be read. */
function membersOf(source: string): readonly string[] {
  const loaded = loadPolicy(source);
  if (!('policy' in loaded)) return [];
  return [...new Set([...loaded.policy.roles.values()].flatMap((role) => role.members))].toSorted();
}

/** The text of the tokens' file, and whose token in it was revoked. */
async function makeTokens(
  database: Database,
  tenant: TenantId,
  people: readonly string[],
  before: Kept,
): Promise<{ readonly text: string; readonly revoked: readonly string[] }> {
  const revoked: string[] = [];
  const one = async (wanted: Wanted, kept: unknown) => {
    const known = typeof kept === 'string' ? await findToken(database, kept) : undefined;
    const same = known?.tenant === tenant && known.subject === wanted.subject;
    if (typeof kept !== 'string' || !same) return makeToken(database, tenant, wanted);
    if (known.fate === 'revoked') revoked.push(wanted.subject);
    // Good ones stay, so that other shells keep working; revoked ones, because somebody wanted them to end.
    const stays = known.fate === 'revoked' || (known.fate === 'valid' && sameScopes(known, wanted));
    return stays ? kept : makeToken(database, tenant, wanted);
  };
  const service = await one({ kind: 'service', subject: 'local', scopes: SERVICE_SCOPES }, before.service);
  const operator = await one(
    { kind: 'service', subject: 'operator', scopes: OPERATOR_SCOPES },
    before.operator,
  );
  const personal: Record<string, string> = {};
  for (const subject of people)
    personal[subject] = await one({ kind: 'personal', subject, scopes: [] }, before.people[subject]);
  return { text: `${JSON.stringify({ service, operator, people: personal }, null, 2)}\n`, revoked };
}

type Wanted = Pick<NewToken, 'kind' | 'subject' | 'scopes'>;

function sameScopes(one: Pick<Wanted, 'scopes'>, other: Pick<Wanted, 'scopes'>): boolean {
  return one.scopes.join() === other.scopes.join();
}

/** Journalled as every token is, by `local`: whoever is at the machine. */
async function makeToken(database: Database, tenant: TenantId, wanted: Wanted): Promise<string> {
  return database.transaction(async (tx) => {
    const now = await tx.now();
    const made = { ...wanted, tenant, issuer: 'local', now, ttlMs: MAX_TOKEN_AGE_MS };
    const { id, token } = await createToken(tx, made);
    const event = {
      id: `token/${id}`,
      type: 'token-created',
      body: { token: id, kind: wanted.kind, scopes: wanted.scopes },
      texts: { by: 'local', for: wanted.subject },
    };
    await appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] });
    return token;
  });
}

/** The tokens of an earlier start, whatever they are worth now. */
interface Kept {
  readonly service: unknown;
  readonly operator: unknown;
  readonly people: Readonly<Record<string, unknown>>;
}

/** What an earlier start left. Throws `usage` when the file is somebody else's: it would be overwritten. */
function readTokens(file: string): Kept {
  const text = statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, 'utf8') : '';
  if (text.trim() === '') return { service: undefined, operator: undefined, people: {} };
  try {
    const { service, operator, people }: Partial<Record<keyof Kept, unknown>> = JSON.parse(text);
    if (typeof service === 'string' && typeof people === 'object' && people !== null)
      return { service, operator, people: { ...people } };
  } catch {
    // told below
  }
  throw new CountersignError(
    'usage',
    `${file} holds something else than tokens: nothing was written. Name another file, or remove this one.`,
  );
}
