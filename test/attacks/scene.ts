import { expect } from 'vitest';
import type { ExecuteInput, ExecuteResult } from '../../src/activities/api.js';
import { execute } from '../../src/activities/execute.js';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { signDecision, verifyDecision, type DecisionRecord } from '../../src/contract/decision-record.js';
import { createSigner, generateSigningKey } from '../../src/contract/sign.js';
import type { Json } from '../../src/domain/action.js';
import type { DecisionMessage } from '../../src/domain/decision.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { callsOf } from '../../src/store/ledger.js';
import { readJournal } from '../../src/store/journal.js';
import { TENANT, type Gate } from '../support/gate.js';

/** What is asked about unless a test says otherwise. */
export const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } } as const;

/** A task whose payment was asked about and approved by amira. */
export async function approved(
  gate: Gate,
  name: string,
  call: { tool: string; args: Json } = PAY,
): Promise<{ task: TaskId; id: DecisionId }> {
  const task = await gate.submit(name, call);
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked' });
  return { task, id: await gate.decide(task, 'amira', { decision: 'approve' }) };
}

/** Executes operation 1 with other dependencies, another generation or a resolution than the gate's own `execute` takes. */
export function executeWith(
  deps: ActivityDeps,
  task: TaskId,
  input: Partial<ExecuteInput>,
): Promise<ExecuteResult> {
  return execute(deps, inputFor(task, input));
}

/** Operation 1 as its run asks for it, without decisions unless they are given. */
export function inputFor(task: TaskId, input: Partial<ExecuteInput>): ExecuteInput {
  const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
  return {
    ...carry,
    operation: 1,
    generation: 1,
    round: 1,
    decisions: [],
    resolution: null,
    ...input,
  };
}

/** The answer of the n-th commit is lost: it is stored, and its connection is cut before the answer comes. */
export function losingAnswer(deps: ActivityDeps, nth: number): ActivityDeps {
  let commits = 0;
  const { database } = deps;
  return {
    ...deps,
    database: {
      ...database,
      transaction: async (work) => {
        const result = await database.transaction(work);
        commits += 1;
        if (commits === nth) throw new Error('Connection terminated unexpectedly');
        return result;
      },
    },
  };
}

/** Nothing ran, the ledger knows of no call, and the journal says why. */
export async function expectRefused(
  gate: Gate,
  task: TaskId,
  result: ExecuteResult,
  reason: string,
): Promise<void> {
  expect(result).toMatchObject({ kind: 'refused', reason });
  expect(effectsOf(gate, task)).toHaveLength(0);
  for (const call of await callsOf(gate.database, TENANT, task))
    expect(call).toMatchObject({ attempt: 0, status: 'open' });
  const entries = await readJournal(gate.database, { tenant: TENANT, task, limit: 100 });
  const refusals = entries
    .filter((entry) => entry.type === 'call-refused')
    .map((entry) => JSON.parse(entry.body).reason);
  expect(refusals).toContain(reason);
  expect(entries.map((entry) => entry.type)).not.toContain('call-claimed');
  // The approval is spent: whatever comes next takes another one. One that nobody signed counts for nothing as it is.
  if (reason === 'unverified' || reason === 'withdrawn') return;
  const decisions = await gate.database.query<{ outcome: string | null }>(
    'select outcome from decisions where tenant = $1 and task = $2',
    [TENANT, task],
  );
  expect(decisions.filter((decision) => decision.outcome !== 'void')).toEqual([]);
}

export function effectsOf(gate: Gate, task: TaskId) {
  return gate.effects.filter((effect) => effect.task === task);
}

/** The signed record of a stored decision. */
export async function recordOf(gate: Gate, id: DecisionId): Promise<DecisionRecord> {
  const row = await findDecision(gate.database, TENANT, id);
  const record = verifyDecision(row?.jws, gate.deps.verifier);
  if (!record) throw new Error('a genuine decision was not verifiable');
  return record;
}

/** Overwrites a stored decision with what the gateway could have signed: only somebody with its key can do that. */
export async function resign(gate: Gate, id: DecisionId, change: Partial<DecisionRecord>): Promise<void> {
  const { aud: _aud, ...record } = await recordOf(gate, id);
  const changed = { ...record, ...change };
  await overwrite(gate, id, changed, signDecision(gate.gateway.signer, changed));
}

/** The same, signed with a key that is nobody's. */
export async function forge(gate: Gate, id: DecisionId, change: Partial<DecisionRecord>): Promise<void> {
  const { aud: _aud, ...record } = await recordOf(gate, id);
  const changed = { ...record, ...change };
  await overwrite(gate, id, changed, signDecision(createSigner(generateSigningKey()), changed));
}

async function overwrite(
  gate: Gate,
  id: DecisionId,
  record: Omit<DecisionRecord, 'aud'>,
  jws: string,
): Promise<void> {
  await gate.database.query(
    'update decisions set task = $3, operation = $4, generation = $5, round = $6, verb = $7, subject = $8, message = $9, jws = $10, at = $11 where tenant = $1 and id = $2',
    [
      TENANT,
      id,
      record.task,
      record.operation,
      record.generation,
      record.round,
      record.verb,
      record.subject,
      JSON.stringify(messageOf(record)),
      jws,
      record.at,
    ],
  );
}

function messageOf(record: Omit<DecisionRecord, 'aud'>): DecisionMessage {
  const {
    tenant: _t,
    task: _k,
    subject: _s,
    issuer: _i,
    roles: _r,
    whyDigest: _w,
    resultDigest: _d,
    executeBy: _e,
    ...message
  } = record;
  return message as DecisionMessage; // the branded fields were so before
}
