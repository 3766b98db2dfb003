import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/**
 * How the workflows read what comes from Temporal; bundled with them. Whoever may write to the namespace may send a signal that cannot be
 * read: it counts as one that says nothing and is refused, where throwing would stop the run for ever.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Parameters<PayloadConverter['fromPayload']>[0]): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return undefined as T; // every handler takes `unknown`
    }
  },
};
