import { type ImpactClass, IMPACTS } from '../contract/policy-risk-map.js';
import type { ToolFacts } from '../domain/action.js';
import type { Case } from './case.js';
import type { Reversibility, RiskMap, RiskRow } from './policy.js';
import { plainReason, type Reason } from './reason.js';

/** The classes of a section of the map, the smallest first. */
export function inOrder<Entry>(
  section: ReadonlyMap<string, Entry | undefined>,
): (readonly [ImpactClass, Entry])[] {
  return IMPACTS.flatMap((impact) => {
    const entry = section.get(impact);
    return entry === undefined ? [] : [[impact, entry] as const];
  });
}

/** What the map asks for: nothing below its smallest class, and nothing where it says `auto`. */
export function riskReasons(input: Case): readonly Reason[] {
  const row = classOf(input, input.policy.riskMap ?? []);
  if (row === undefined) return [];
  const reversibility = reversibilityOf(input.facts);
  const level = row.levels[reversibility];
  if (level === 'auto') return [];
  const values = { impact: row.impact, reversibility };
  return [plainReason({ rule: 'risk-map', trigger: 'risk', level, values })];
}

/** The column of a tool; an unknown tool cannot be undone. */
function reversibilityOf(facts: ToolFacts | null): Reversibility {
  if (facts === null || facts.tier === 4) return 'irreversible';
  return facts.tier === 3 && !facts.hasUndo ? 'hard' : 'reversible';
}

/** The highest class that one of the figures reaches; the highest of all for what cannot be weighed. */
function classOf(input: Case, map: RiskMap): RiskRow | undefined {
  return isUnweighed(input, map) ? map.at(-1) : map.findLast((row) => reaches(input, row));
}

function isUnweighed({ action, unreadable }: Case, map: RiskMap): boolean {
  const { money, rows = 0 } = action.impact;
  const named = money === undefined || map.some((row) => row.money.has(money.currency));
  return (
    unreadable === true || !named || !Number.isSafeInteger(money?.minor ?? 0) || !Number.isSafeInteger(rows)
  );
}

function reaches({ action }: Case, row: RiskRow): boolean {
  const { money, rows = 0, recipients = [] } = action.impact;
  const amount = money === undefined ? undefined : row.money.get(money.currency);
  return (
    (money !== undefined && amount !== undefined && Math.abs(money.minor) >= amount) ||
    (row.rows !== null && rows >= row.rows) ||
    (row.recipients !== null && recipients.length >= row.recipients)
  );
}
