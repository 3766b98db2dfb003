const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Absolute UTC, the reader's zone, and relative, always the three: `2026-11-21 09:00 UTC = 2026-11-21 10:00 Europe/Berlin, in 3 h 20 min`.
 * Once for a reader in UTC. A zone this machine does not know is named as unknown and UTC stands alone.
 */
export function showTime(at: number, now: number, zone: string): string {
  const here = zone === 'UTC' ? '' : ` = ${inZone(at, zone)}`;
  return `${stamp(at, 'UTC')} UTC${here}, ${relative(at - now)}`;
}

function inZone(at: number, zone: string): string {
  try {
    return `${stamp(at, zone)} ${zone}`;
  } catch {
    return `unknown zone ${zone}`;
  }
}

function stamp(at: number, zone: string): string {
  // sv-SE writes dates as ISO 8601 does
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(
    at,
  );
}

function relative(difference: number): string {
  const span = Math.abs(difference);
  if (span < MINUTE) return difference < 0 ? 'less than a minute ago' : 'in less than a minute';
  const text = spanText(span);
  return difference < 0 ? `${text} ago` : `in ${text}`;
}

function spanText(span: number): string {
  if (span >= DAY) return parts(Math.floor(span / DAY), 'd', Math.floor((span % DAY) / HOUR), 'h');
  if (span >= HOUR) return parts(Math.floor(span / HOUR), 'h', Math.floor((span % HOUR) / MINUTE), 'min');
  return `${Math.floor(span / MINUTE)} min`;
}

function parts(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
