import { normalised } from '../domain/sanitise.js';

/** More than rules look through: a loop over it may cost its square. */
const MAX_PARTS = 4_000;
const MAX_TEXT = 64 * 1024;

/** Deeper arguments are not compared: the gate asks instead. */
const MAX_DEPTH = 64;

/** The same data with every text and every key as a reader takes it; the very same object when that changes nothing. */
export function visible<Data>(data: Data): Data {
  return visibleData(data) as Data; // texts and keys are replaced by texts and keys: the shape stays
}

function visibleData(data: unknown): unknown {
  if (typeof data === 'string') return normalised(data);
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) {
    const parts = data.map(visibleData);
    return parts.every((part, index) => part === data[index]) ? data : parts;
  }
  const entries = Object.entries(data);
  const seen = entries.map(([key, part]) => [normalised(key), visibleData(part)] as const);
  const same = seen.every(
    ([key, part], index) => key === entries[index]?.[0] && part === entries[index]?.[1],
  );
  return same ? data : Object.fromEntries(seen);
}

/** Whether data is nested deeper than 64 levels. Needs no stack. */
export function isTooDeep(data: unknown): boolean {
  let level: readonly unknown[] = [data];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap(insideOf);
    if (level.length === 0) return false;
  }
  return true;
}

function insideOf(part: unknown): readonly unknown[] {
  return typeof part === 'object' && part !== null ? Object.values(part) : [];
}

/** Whether data has more parts, or more text in all, than a rule looks through. Nesting must be bounded already. */
export function isTooLarge(data: unknown): boolean {
  let parts = 0;
  let text = 0;
  let level: readonly unknown[] = [data];
  while (level.length > 0) {
    parts += level.length;
    for (const part of level) text += typeof part === 'string' ? part.length : 0;
    if (parts > MAX_PARTS || text > MAX_TEXT) return true;
    level = level.flatMap(insideOf);
  }
  return false;
}
