import { canonicalJson } from '../contract/canonical.js';
import { isList, isMembers } from '../contract/schema-at.js';
import { sealSecret, takeSecrets, type TakenSecrets } from '../contract/seal.js';
import { forgedReferences, scrubberOf, SECRET_KEY, secretMac } from '../contract/secret.js';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { isToolName } from '../domain/tool-name.js';
import type { TaskRequest } from '../store/tasks.js';
import { findTool } from '../store/tools.js';
import type { GatewayDeps } from './deps.js';

/** A planner's settings without its input, which is sealed beside them, and what masks its secrets in texts. */
export interface HiddenInput extends Pick<TakenSecrets, 'secrets' | 'scrub'> {
  readonly settings: NonNullable<TaskRequest['planner']>;
}

/**
 * Seals what a planner is given, whole: a script holds the arguments of calls, and what is secret in them, or in a prompt, only the tools
 * and the planner know. Throws `invalid` when it names a stored secret, or holds the mask of one.
 */
export async function hidePlannerInput(
  deps: GatewayDeps,
  tenant: TenantId,
  { name, input }: { readonly name: string; readonly input?: Json },
): Promise<HiddenInput> {
  if (input === undefined) return { settings: { kind: name }, secrets: [], scrub: (text) => text };
  const problems = forgedReferences(input).map((path) => ({
    path,
    message: 'only the gate writes such a reference',
  }));
  if (problems.length > 0)
    throw new CountersignError('invalid', 'A planner may not be given references to secrets.', { problems });
  const text = canonicalJson(input);
  const reference = secretMac(deps.secrets.mac, text);
  const values = await secretsOfCalls(deps, tenant, input);
  return {
    settings: { kind: name, input: { [SECRET_KEY]: reference } },
    secrets: [{ reference, sealed: sealSecret(deps.secrets, { tenant, reference }, text) }],
    scrub: scrubberOf(values),
  };
}

/** The secrets among the arguments of every call that an input spells out, as the tools mark them. */
async function secretsOfCalls(deps: GatewayDeps, tenant: TenantId, input: Json): Promise<readonly string[]> {
  const calls = callsIn(input);
  const schemas = new Map<string, Json>();
  for (const tool of new Set(calls.map((call) => call.tool)))
    schemas.set(tool, (await findTool(deps.database, tool))?.schema ?? {});
  return calls.flatMap(
    ({ tool, args }) => takeSecrets(deps.secrets, { tenant, schema: schemas.get(tool) ?? {}, args }).values,
  );
}

function callsIn(value: Json): readonly { readonly tool: string; readonly args: Json }[] {
  if (isList(value)) return value.flatMap(callsIn);
  if (!isMembers(value)) return [];
  const { tool, args } = value;
  const own = isToolName(tool) && args !== undefined ? [{ tool, args }] : [];
  return [...own, ...Object.values(value).flatMap(callsIn)];
}
