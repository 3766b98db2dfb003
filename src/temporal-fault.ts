import type { TemporalConfig } from './temporal-config.js';
import { CountersignError } from './domain/errors.js';

/** What the SDK's native half says, and what it means; its own words are of no use to an operator. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/ConnectionRefused|ECONNREFUSED/, 'nothing listens there'],
  [/dns error|ENOTFOUND/, 'there is no host of that name'],
  [/InvalidContentType|UnknownIssuer|certificate/i, 'the two sides do not agree on TLS (TEMPORAL_TLS_*)'],
  [/http2|frame|GoAway|UNIMPLEMENTED/i, 'what listens there is no Temporal server, or wants TLS'],
  [/Unauthenticated|PermissionDenied|Request unauthorized/i, 'it refuses this API key or certificate'],
  [/deadline|timed? ?out/i, 'it did not answer in time'],
];

/** The start of a process failed at Temporal: `config` for a namespace that does not exist, else `unreachable`. */
export function temporalFault({ namespace, connection }: TemporalConfig, error: Error): CountersignError {
  const address = String(connection.address ?? 'localhost:7233');
  if (/Namespace .*not found|NamespaceNotFound/i.test(error.message))
    return new CountersignError(
      'config',
      `The Temporal server at ${address} has no namespace ${namespace}: create it, or correct TEMPORAL_NAMESPACE.`,
    );
  const known = MEANINGS.find(([pattern]) => pattern.test(error.message))?.[1];
  const reason = known ?? (error.message.split('\n')[0] ?? '').slice(0, 200);
  return new CountersignError(
    'unreachable',
    `The Temporal server at ${address} (namespace ${namespace}) cannot be used: ${reason}. Start it, or correct TEMPORAL_ADDRESS.`,
  );
}
