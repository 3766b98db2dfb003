import { Webhook } from 'standardwebhooks';
import type { HookIntegration } from '../../src/contract/hooks-file.js';
import { parseWebhookSecret } from '../../src/contract/standard-webhook.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { aSecret } from '../support/hook-target.js';
import { TENANT, type Answer, type Gate } from './fixture.js';
import { about } from './questions.js';

/** An integration whose person `U-1` is amira here and `U-2` joon; its newest secret is the third of these tests. */
export function anIntegration(rest: Partial<HookIntegration> = {}): HookIntegration {
  return {
    id: 'desk',
    tenant: TENANT,
    secrets: [{ secret: parseWebhookSecret(aSecret(3)) }],
    reviewers: new Map([
      ['U-1', 'amira'],
      ['U-2', 'joon'],
    ]),
    bounces: false,
    ...rest,
  };
}

/** What a sender may do otherwise than it should. */
export interface Odd {
  /** Instead of `/hooks/decisions`. */
  readonly path?: string;
  readonly id?: string;
  readonly secret?: string;
  /** Epoch milliseconds at which it says it was sent. */
  readonly at?: number;
  /** Headers as they go out, after signing; null = left out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** The bytes that go out in place of those that were signed. */
  readonly bytes?: Uint8Array | string;
}

let count = 0;

/** Posts a body signed by the official library. */
export async function post(gate: Gate, body: object | string, odd: Odd = {}): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const id = odd.id ?? `msg_${String(++count).padStart(8, '0')}`;
  const at = new Date(odd.at ?? (await gate.database.now()));
  const headers = new Headers({
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(odd.secret ?? aSecret(3)).sign(id, at, text),
  });
  for (const [name, value] of Object.entries(odd.headers ?? {}))
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  const init = { method: 'POST', headers, body: odd.bytes ?? text };
  const response = await gate.fetch(
    new Request(`http://gate${odd.path ?? '/hooks/decisions'}`, init as RequestInit),
  ); // bytes are a body
  return { status: response.status, headers: response.headers, json: await response.json() };
}

/** An approval of this question by the sender's first person, or what a test makes of it. */
export function message(question: QuestionRow, rest: object = {}): object {
  return {
    integration: 'desk',
    subject: 'U-1',
    escalation: `${question.task}:1`,
    ...about(question, 'approve'),
    ...rest,
  };
}
