import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import type { Notice } from '../ports.js';

/** Told in every message. */
export const NO_REPLY = 'Replies are not read, and nothing is decided by them.';

/** What a message lists, as label and value. Every value went through the sanitiser; escaping is the surface's. `chat` adds what mail does not carry. */
export function factsOf(notice: Notice, surface: 'mail' | 'chat'): readonly (readonly [string, string])[] {
  const { tool, tier, role, deadline, now, flags, about } = notice;
  const chat: readonly (readonly [string, string])[] =
    surface === 'mail'
      ? []
      : [
          ...(tool === null ? [] : [['Tool', visible(tool)] as const]),
          ['Role', visible(role)],
          ...(flags.length === 0 ? [] : [['Look twice', visible(flags.join(', '))] as const]),
        ];
  return [
    ['Tier', String(tier)],
    ...chat,
    ...(deadline === null
      ? []
      : [['Deadline', deadline === 'none' ? 'none' : showTime(deadline, now, 'UTC')] as const]),
    ['Id', visible(about)],
  ];
}

/** The one line that names a message. */
export function titleOf({ headline, about }: Notice): string {
  return `${visible(headline)}: ${visible(about)}`;
}
