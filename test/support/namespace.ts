import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { waitFor } from './wait.js';

/** A namespace of its own with these search attributes (type by name, as temporal.api.enums.v1.IndexedValueType) and no other. */
export async function aNamespace(
  address: string,
  searchAttributes: Readonly<Record<string, number>> = {},
): Promise<string> {
  const namespace = `bare-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    const workflowExecutionRetentionPeriod = { seconds: 86_400 as never, nanos: 0 }; // a Long in the generated type, any integer on the wire
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    const known = async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return Object.keys(customAttributes ?? {}).length;
    };
    // The server's own parts hear of it one after the other.
    await waitFor(() => known().catch(() => undefined));
    if (Object.keys(searchAttributes).length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: { ...searchAttributes },
      });
      await waitFor(async () => ((await known()) > 0 ? true : undefined));
    }
    return namespace;
  } finally {
    await connection.close();
  }
}
