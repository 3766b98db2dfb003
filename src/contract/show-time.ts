const SECOND = 1_000;
const MINUTE = 60 * SECOND;
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
  return formatOf(zone).format(at);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than a line of a list. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const kept = formats.get(zone);
  if (kept) return kept;
  // sv-SE writes dates as ISO 8601 does
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  if (formats.size >= 100) formats.clear(); // zones are given by readers, in any spelling
  formats.set(zone, made);
  return made;
}

/** Below this the seconds count: some questions live no longer. */
const PRESSING = 10 * MINUTE;

function relative(difference: number): string {
  const span = Math.abs(difference);
  const text = spanText(span);
  return difference < 0 ? `${text} ago` : `in ${text}`;
}

function spanText(span: number): string {
  if (span >= DAY) return parts(Math.floor(span / DAY), 'd', Math.floor((span % DAY) / HOUR), 'h');
  if (span >= HOUR) return parts(Math.floor(span / HOUR), 'h', Math.floor((span % HOUR) / MINUTE), 'min');
  if (span >= PRESSING) return `${Math.floor(span / MINUTE)} min`;
  const seconds = Math.floor((span % MINUTE) / SECOND);
  return span < MINUTE ? `${seconds} s` : parts(Math.floor(span / MINUTE), 'min', seconds, 's');
}

function parts(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
