import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { StackError } from './errors.js';
import { searchAttributes } from './search-attributes.js';

/** temporal.api.enums.v1.IndexedValueType */
const INDEXED_TYPES = { Keyword: 2, Datetime: 6 } as const;
const ALREADY_EXISTS = 6;
const RETENTION_MS = 86_400_000;

/** Makes the namespace and its search attributes if they are missing; resolves when the server knows both. */
export async function prepareNamespace(options: {
  readonly address: string;
  readonly namespace: string;
  readonly timeoutMs: number;
}): Promise<void> {
  const { address, namespace, timeoutMs } = options;
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
  const deadline = Date.now() + timeoutMs;
  try {
    await insist({
      deadline,
      what: `namespace ${namespace}`,
      attempt: () => register(connection, namespace),
    });
    await insist({
      deadline,
      what: 'search attributes',
      attempt: () => addSearchAttributes(connection, namespace),
    });
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  const workflowExecutionRetentionPeriod = msToTs(RETENTION_MS);
  try {
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
  }
}

/** Done when a query over one is understood: a new attribute is known to the operator service before it is to all. */
async function addSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributes).filter(([name]) => customAttributes?.[name] === undefined);
  if (missing.length > 0) {
    const types = missing.map(([name, type]) => [name, INDEXED_TYPES[type]]);
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(types),
    });
  }
  await connection.workflowService.countWorkflowExecutions({ namespace, query: `CountersignState = 'none'` });
}

async function insist(wish: { deadline: number; what: string; attempt: () => Promise<void> }): Promise<void> {
  for (;;) {
    try {
      return await wish.attempt();
    } catch (error) {
      if (Date.now() > wish.deadline) {
        throw new StackError(`The Temporal server did not take the ${wish.what}: ${String(error)}`, {
          cause: error,
        });
      }
      await delay(100);
    }
  }
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
