import type { RosterView } from '../../contract/http-who.js';
import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import { wrap } from './layout.js';
import type { Screen } from './show-escalation.js';

/** Who is in which role, who is away, who stands in for whom. */
export function showRoster({ roles, absences, delegations }: RosterView, screen: Screen): string[] {
  const time = (at: number) => showTime(at, screen.now, screen.zone);
  const people = roles.map(
    ({ role, members, keptBy }) =>
      `${role}: ${members.join(', ') || 'nobody'}${keptBy === null ? '' : ` (kept by ${keptBy})`}`,
  );
  const away = absences.map(({ subject, from, until }) => `${subject}: ${time(from)} to ${time(until)}`);
  const standing = delegations.map(
    ({ delegation, by, to, role, escalation, from, until }) =>
      `${to} for ${by}, ${role ?? escalation ?? ''}: ${time(from)} to ${time(until)} (${delegation})`,
  );
  return [
    ...section('roles', people, screen),
    ...section('away', away, screen),
    ...section('in the stead of others', standing, screen),
  ];
}

function section(head: string, lines: readonly string[], { width }: Screen): string[] {
  if (lines.length === 0) return [];
  return [head, ...lines.flatMap((line) => wrap(visible(line), width, '  ')), ''];
}
