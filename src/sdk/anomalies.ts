import {
  anomalyPage,
  anomalyView,
  type AnomalyPage,
  type AnomalyView,
  type CloseRequest,
} from '../contract/http-anomalies.js';
import { part, type Send } from './transport.js';

/** What the policy did not expect, by class. */
export interface Anomalies {
  readonly anomalies: {
    list(query?: {
      readonly state?: 'open' | 'closed' | 'all' | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    }): Promise<AnomalyPage>;
    /** Says what one turned out to be, and what was learnt. */
    close(
      anomaly: string,
      request: CloseRequest,
      keyed?: { readonly idempotencyKey?: string | undefined },
    ): Promise<AnomalyView>;
  };
}

/** The client's part for anomalies. */
export function createAnomalies(send: Send): Anomalies {
  return {
    anomalies: {
      list: (query = {}) =>
        send({ method: 'GET', path: 'v1/anomalies', query: { ...query }, answer: anomalyPage }),
      close: (anomaly, body, { idempotencyKey } = {}) => {
        const path = `v1/anomalies/${part(anomaly)}/close`;
        return send({ method: 'POST', path, body, idempotencyKey, answer: anomalyView });
      },
    },
  };
}
