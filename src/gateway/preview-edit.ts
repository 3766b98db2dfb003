import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import { callsOf } from '../store/ledger.js';
import { latestQuestion } from '../store/questions.js';
import { findTool } from '../store/tools.js';
import type { GatewayDeps } from './deps.js';
import { editedArguments } from './edit.js';
import { notFound } from './problem.js';

/** A call's arguments as they are asked about, and as they would run; references in the place of secrets, and of one that was typed a new one. */
export interface EditPreview {
  readonly before: Json;
  readonly after: Json;
}

/**
 * What an edit would run, with all that the tool's schema fills in, before anybody sends it: nothing is stored. Throws `invalid` with the
 * places, like the edit itself, and the uniform 404.
 */
export async function previewEdit(
  deps: GatewayDeps,
  of: { readonly tenant: TenantId; readonly task: TaskId; readonly operation: number },
  edits: Json,
): Promise<EditPreview> {
  const { tenant, task, operation } = of;
  const question = (await latestQuestion(deps.database, of)) ?? notFound();
  const calls = await callsOf(deps.database, tenant, task);
  const from =
    calls.find((call) => call.operation === operation && call.generation === question.generation) ??
    notFound();
  const schema = (await findTool(deps.database, from.tool))?.schema ?? {};
  const { compared } = await editedArguments(deps, deps.database, { from, schema, edits });
  return { before: from.args, after: compared };
}
