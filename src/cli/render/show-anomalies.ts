import type { AnomalyView } from '../../contract/http-anomalies.js';
import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import { wrap } from './layout.js';
import type { Screen } from './show-escalation.js';

/** Anomalies, the newest first: which, how often, and what people said of it. */
export function showAnomalies(anomalies: readonly AnomalyView[], screen: Screen): string[] {
  if (anomalies.length === 0) return ['No anomalies.'];
  return anomalies.flatMap((anomaly) => [
    visible(anomaly.anomaly),
    ...[classOf(anomaly), seen(anomaly, screen), ...closed(anomaly, screen)].flatMap((line) =>
      wrap(visible(line), screen.width, '  '),
    ),
  ]);
}

function classOf({ rule, builtIn, agent, tool, situation }: AnomalyView): string {
  const own = builtIn ? " (the gate's own)" : '';
  return `${rule}${own}: ${agent} with ${tool}${situation === null ? '' : ` in ${situation}`}`;
}

function seen({ state, count, lastSeenAt, last, owner }: AnomalyView, screen: Screen): string {
  const times = count === 1 ? 'once' : `${count} times, last`;
  const time = showTime(lastSeenAt, screen.now, screen.zone);
  return `${state}, seen ${times} ${time} in ${last.task}, call ${last.operation}; owner ${owner}`;
}

function closed({ state, closing }: AnomalyView, screen: Screen): string[] {
  if (closing === null) return [];
  const time = (at: number) => showTime(at, screen.now, screen.zone);
  const until = closing.until === null ? '' : `; until ${time(closing.until)}`;
  const before = state === 'open' ? 'opened again; was ' : '';
  return [
    `${before}closed as ${closing.as} by ${closing.by}, ${time(closing.at)}${until}`,
    `learnt: ${closing.learnt}`,
  ];
}
