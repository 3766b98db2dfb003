import { parseDuration } from '../contract/duration.js';
import { remindMs } from '../contract/policy-file.js';
import { DEFAULT_MONEY_LIMITS } from './defaults.js';
import type { Draft } from './draft.js';
import type { Finding } from './problem.js';
import { riskFindings } from './risk-figures.js';

/** Figures that are fine each by itself and not together. */
export function amountFindings(draft: Draft): Finding[] {
  return [
    ...lateReminders(draft),
    ...halfLimits(draft),
    ...uncountedCurrencies(draft),
    ...earlyReviews(draft),
    ...riskFindings(draft),
  ];
}

function lateReminders(draft: Draft): Finding[] {
  return [...draft.ladders].flatMap(([name, { ttl, remind }]): Finding[] => {
    const ttlMs = ttl === undefined ? undefined : parseDuration(ttl);
    if (ttlMs === undefined || remind === undefined || remindMs(remind, ttlMs) < ttlMs) return [];
    return [
      {
        path: ['ladders', name, 'remind'],
        what: 'not before the ttl is over',
        todo: 'make it shorter than the ttl, such as 50%',
      },
    ];
  });
}

function earlyReviews(draft: Draft): Finding[] {
  return [...draft.signOffs].flatMap(([index, { on, review }]): Finding[] =>
    on === undefined || review === undefined || review > on
      ? []
      : [
          {
            path: ['sign_offs', index, 'review'],
            what: `not after the sign-off of ${on}`,
            todo: 'name the day by which it has to be signed off anew',
          },
        ],
  );
}

function halfLimits(draft: Draft): Finding[] {
  return [...(draft.limits ?? [])].flatMap(([index, { currency, minor, count }]): Finding[] => {
    const money = currency !== undefined && minor !== undefined && count === undefined;
    const calls = currency === undefined && minor === undefined && count !== undefined;
    return money || calls
      ? []
      : [
          {
            path: ['limits', index],
            what: 'neither an amount nor a number of calls',
            todo: 'give either both currency and minor, or count',
          },
        ];
  });
}

/** An amount that no cumulative limit counts could be split at will. */
function uncountedCurrencies(draft: Draft): Finding[] {
  const counted = draft.limits === null ? ['USD'] : [...draft.limits.values()].map((limit) => limit.currency);
  const limits = draft.alwaysAsk.get('money')?.limits;
  return Object.keys(limits ?? DEFAULT_MONEY_LIMITS)
    .filter((currency) => !counted.includes(currency))
    .map((currency) => ({
      path: limits === undefined ? ['limits'] : ['always_ask', 'money', 'limits', currency],
      what: `${currency} may run without a person, but no cumulative limit counts it: an amount could be split`,
      todo: `add to limits: { id: agent-day-${currency.toLowerCase()}, per: [agent, day], currency: ${currency}, minor: 50000 }`,
    }));
}
