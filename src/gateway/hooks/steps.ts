import { z } from 'zod';
import { delegateRequest, noBody, type ClaimView, type DelegationView } from '../../contract/http-who.js';
import type { Json } from '../../domain/action.js';
import type { TaskId } from '../../domain/ids.js';
import { activePolicyHash } from '../../store/policies.js';
import type { Bearer } from '../../store/tokens.js';
import { delegateQuestion } from '../delegating.js';
import type { GatewayDeps } from '../deps.js';
import { fitBody } from '../request.js';
import { releaseQuestion, takeUpQuestion } from '../take-up.js';

/** A step by web hook: by whom, about what, and under which key a repeat is the same. */
interface Heard {
  readonly bearer: Bearer;
  readonly about: { readonly task: TaskId; readonly operation: number };
  readonly key: string;
  readonly rest: Json;
}

const step = z.looseObject({ decision: z.enum(['claim', 'release', 'delegate']) });

/** What answers a step. */
export interface StepAnswer {
  readonly status: 200 | 201;
  readonly view: ClaimView | DelegationView;
}

/** Taking a question up, letting go of it, passing it on: what decides nothing. Undefined = the message is a decision. */
export async function takeStep(
  deps: GatewayDeps,
  { bearer, about, key, rest }: Heard,
): Promise<StepAnswer | undefined> {
  const parsed = step.safeParse(rest);
  if (!parsed.success) return undefined;
  const { decision, ...body } = parsed.data;
  // A decision reads which policy is in force; a step is told.
  const policyHash = (await activePolicyHash(deps.database, bearer.tenant)) ?? null;
  const of = { bearer: { ...bearer, policyHash }, ...about, key };
  if (decision === 'delegate') {
    const asked = fitBody(delegateRequest, body as Json); // parsed from strict JSON
    return { status: 201, view: await delegateQuestion(deps, { ...of, body: asked }) };
  }
  fitBody(noBody, body as Json); // parsed from strict JSON
  const view = decision === 'claim' ? await takeUpQuestion(deps, of) : await releaseQuestion(deps, of);
  return { status: 200, view };
}
