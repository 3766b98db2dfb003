import type { Impact, Json } from '../domain/action.js';
import type { JudgeInput } from './case.js';

/**
 * The same call with another value of one variable, named as conditions name it; null where nobody could change it without making another
 * call of it (the agent, the tool, its tier).
 */
export function withValue(
  input: JudgeInput,
  path: readonly string[],
  value: number | string | boolean,
): JudgeInput | null {
  const [root = '', field = '', ...deeper] = path;
  if (root === 'action') return withAction(input, field, deeper, value);
  if (deeper.length > 0) return null;
  if (root === 'readings')
    return { ...input, action: { ...input.action, readings: { ...input.action.readings, [field]: value } } };
  if (root === 'history' && isCount(value))
    return { ...input, history: { ...input.history, [field]: value } };
  const told =
    root === 'task' && (field === 'situation' || field === 'requester') && typeof value === 'string';
  return told ? { ...input, task: { ...input.task, [field]: value } } : null;
}

function withAction(
  input: JudgeInput,
  field: string,
  deeper: readonly string[],
  value: Json,
): JudgeInput | null {
  const { action } = input;
  if (field === 'args') {
    const args = replaced(action.args, deeper, value);
    return args === null || deeper.length === 0 ? null : { ...input, action: { ...action, args } };
  }
  const impact = withImpact(action.impact, [field, ...deeper].join('.'), value);
  return impact === null ? null : { ...input, action: { ...action, impact } };
}

function withImpact(impact: Impact, field: string, value: Json): Impact | null {
  const { money } = impact;
  if (field === 'money.minor')
    return money !== undefined && Number.isSafeInteger(value)
      ? { ...impact, money: { ...money, minor: Number(value) } }
      : null;
  if (field === 'rows') return isCount(value) ? { ...impact, rows: value } : null;
  if (typeof value !== 'string') return null;
  if (field === 'money.currency')
    return money === undefined ? null : { ...impact, money: { ...money, currency: value } };
  return field === 'payee' || field === 'environment' ? { ...impact, [field]: value } : null;
}

function isCount(value: Json): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Null when there is no such place. */
function replaced(data: Json, path: readonly string[], value: Json): Json | null {
  const [key, ...deeper] = path;
  if (key === undefined) return value;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const members = data as Readonly<Record<string, Json>>; // neither null nor an array
  const inner = replaced(members[key] ?? null, deeper, value);
  return inner === null ? null : { ...members, [key]: inner };
}
