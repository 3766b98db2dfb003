import { LEVELS, type Level } from '../domain/verdict.js';
import type { Draft } from './draft.js';
import type { Finding, Path } from './problem.js';
import { inOrder } from './risk-map.js';

const COLUMNS = ['reversible', 'hard', 'irreversible'] as const;

/** Classes of the risk map of which half is missing, figures and levels that do not rise with the class. */
export function riskFindings({ riskMap }: Draft): Finding[] {
  if (riskMap === null) return [];
  const { impact, levels } = riskMap;
  if (impact.size === 0 && levels.size === 0)
    return [{ path: ['risk_map'], what: 'no class', todo: 'add one to impact and to levels, or remove it' }];
  return [
    ...halves('impact', impact, 'levels', levels),
    ...halves('levels', levels, 'impact', impact),
    ...withoutFigure(impact),
    ...fallingFigures(impact),
    ...missingCurrencies(impact),
    ...fallingLevels(levels),
  ];
}

type Impacts = NonNullable<Draft['riskMap']>['impact'];
type Levels = NonNullable<Draft['riskMap']>['levels'];

function halves(
  name: string,
  section: ReadonlyMap<string, unknown>,
  otherName: string,
  other: ReadonlyMap<string, unknown>,
): Finding[] {
  return [...section.keys()]
    .filter((impact) => !other.has(impact))
    .map((impact) => ({
      path: ['risk_map', name, impact],
      key: true,
      what: `risk_map.${otherName} does not say \`${impact}\``,
      todo: `add it there, or remove it here`,
    }));
}

function withoutFigure(impact: Impacts): Finding[] {
  return [...impact]
    .filter(
      ([, { money = {}, rows, recipients }]) =>
        Object.keys(money).length === 0 && (rows ?? recipients) === undefined,
    )
    .map(([name]) => ({
      path: ['risk_map', 'impact', name],
      what: 'no figure: nothing would reach it',
      todo: 'give money, rows or recipients from which it begins; rows: 0 for every call',
    }));
}

/** Each figure of a class beside the nearest smaller class that has it too. */
function fallingFigures(impact: Impacts): Finding[] {
  const seen = new Map<string, { readonly impact: string; readonly from: number }>();
  return inOrder(impact).flatMap(([name, { money = {}, rows, recipients }]) => {
    const figures: [Path, number | undefined][] = [
      ...Object.entries(money).map(([currency, from]): [Path, number] => [['money', currency], from]),
      [['rows'], rows],
      [['recipients'], recipients],
    ];
    return figures.flatMap(([path, from]): Finding[] => {
      if (from === undefined) return [];
      const smaller = seen.get(path.join('.'));
      seen.set(path.join('.'), { impact: name, from });
      if (smaller === undefined || from > smaller.from) return [];
      return [
        {
          path: ['risk_map', 'impact', name, ...path],
          what: `not above the ${smaller.from} of ${smaller.impact}`,
          todo: 'let a greater class begin at a greater figure',
        },
      ];
    });
  });
}

/** Probably not meant: a currency that no class names is the highest of all; one that only a smaller class names would end there, however large the amount. */
function missingCurrencies(impact: Impacts): Finding[] {
  const named = new Map<string, string>();
  return inOrder(impact).flatMap(([name, { money }]) => {
    if (money === undefined) return [];
    const missing = [...named].filter(([currency]) => !(currency in money));
    for (const currency of Object.keys(money)) named.set(currency, name);
    return missing.map(([currency, smaller]) => ({
      path: ['risk_map', 'impact', name, 'money'],
      what: `no ${currency}, which ${smaller} has: no amount of it would come so far`,
      todo: `say from which amount of ${currency} this class begins`,
      warning: true,
    }));
  });
}

/** Allowed: the map is one reason among others. Probably not meant. */
function fallingLevels(levels: Levels): Finding[] {
  const strictest = new Map<string, Level>();
  return inOrder(levels).flatMap(([name, row]) =>
    COLUMNS.flatMap((column): Finding[] => {
      const level = row[column];
      if (level === undefined) return [];
      const smaller = strictest.get(column) ?? 'auto';
      strictest.set(column, LEVELS.indexOf(level) < LEVELS.indexOf(smaller) ? smaller : level);
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(smaller)) return [];
      return [
        {
          path: ['risk_map', 'levels', name, column],
          what: `${level} is looser than the ${smaller} of a smaller class`,
          todo: `write ${smaller} or stricter`,
          warning: true,
        },
      ];
    }),
  );
}
