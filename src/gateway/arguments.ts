import { z } from 'zod';
import { forgedReferences } from '../contract/secret.js';
import { refuseMasks, takeSecrets, type TakenSecrets } from '../contract/seal.js';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import type { Queries } from '../store/database.js';
import { findTool, listTools } from '../store/tools.js';
import type { GatewayDeps } from './deps.js';

const validators = new Map<string, z.ZodType>();

/**
 * Checks arguments from outside against the tool's published schema, fills its defaults in, and takes the secrets out. A tool that no
 * worker published is let through: it is tier 4, a person is asked, and nothing can run it. Throws `invalid` with the places.
 */
export async function cleanArguments(
  deps: GatewayDeps,
  queries: Queries,
  call: { readonly tenant: TenantId; readonly tool: string; readonly args: Json },
): Promise<TakenSecrets> {
  const forged = forgedReferences(call.args);
  if (forged.length > 0) {
    throw new CountersignError(
      'invalid',
      'Arguments may not hold references to secrets: give the value itself.',
      {
        problems: forged.map((path) => ({ path, message: 'only the gate writes such a reference' })),
      },
    );
  }
  const tool = await findTool(queries, call.tool);
  if (!tool) await requirePublished(queries);
  refuseMasks(tool?.schema ?? {}, call.args); // before the schema, which may find a mask too short and say only that
  const args = tool ? readBy(tool.schema, call.args, unfitting(tool.facts.version)) : call.args;
  return takeSecrets(deps.secrets, { tenant: call.tenant, schema: tool?.schema ?? {}, args });
}

function unfitting(version: string): string {
  return `The arguments do not fit the tool (version ${version}): see \`problems\`.`;
}

/** Before the first worker has published its tools nobody can tell what is secret in a call, and none could be judged. */
async function requirePublished(queries: Queries): Promise<void> {
  if ((await listTools(queries)).length > 0) return;
  throw new CountersignError(
    'unreachable',
    'No worker has published its tools yet: start one (`countersign worker`), then send this again.',
  );
}

/** Checks what a person gives as the result of a tool's work against what the tool declares. Throws `invalid` with the places. */
export async function requireOutput(queries: Queries, tool: string, outcome: Json): Promise<void> {
  const published = await findTool(queries, tool);
  if (published?.output == null) return;
  readBy(published.output, outcome, `Your result does not fit what ${tool} returns: see \`problems\`.`);
}

/** The value with the schema's defaults in it. */
function readBy(schema: Json, value: Json, message: string): Json {
  const parsed = validatorOf(schema).safeParse(value);
  if (parsed.success) return parsed.data as Json; // a published schema makes JSON of JSON: it holds no transforms
  const problems = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: ['$', ...issue.path].map(String).join('.'), message: issue.message }));
  throw new CountersignError('invalid', message, { problems });
}

function validatorOf(schema: Json): z.ZodType {
  const text = JSON.stringify(schema);
  const known = validators.get(text);
  if (known) return known;
  if (validators.size > 1_000) validators.clear();
  const made = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]); // published by defineTool, which made it from zod
  validators.set(text, made);
  return made;
}
