import { visible } from '../../domain/sanitise.js';
import type { Notice } from '../ports.js';
import { factsOf, titleOf } from './notice-parts.js';

/** A message as `chat.postMessage` takes it, without where it goes. */
export interface SlackMessage {
  /** What a notification shows. */
  readonly text: string;
  readonly blocks: readonly object[];
  readonly mrkdwn: false;
  readonly parse: 'none';
  readonly link_names: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** What Slack takes at most of a header, a button and a field; more fails the whole message. */
const HEADER_MAX = 150;
const BUTTON_MAX = 75;
const FIELD_MAX = 2_000;

/** Writes a notice as Slack blocks of plain text: nothing in it is markup, a mention or a link but the gate's own button. */
export function slackMessage(notice: Notice): SlackMessage {
  const { next, link, command } = notice;
  const fields = factsOf(notice, 'chat').map(([label, value]) => plain(`${label}: ${value}`, FIELD_MAX));
  const way =
    link === null
      ? { type: 'section', text: plain(`Look at it with: ${visible(command)}`, FIELD_MAX) }
      : {
          type: 'actions',
          elements: [
            { type: 'button', action_id: 'open', text: plain(link.label, BUTTON_MAX), url: link.url },
          ],
        };
  return {
    text: escaped(titleOf(notice)),
    blocks: [
      { type: 'header', text: plain(visible(notice.headline), HEADER_MAX) },
      ...(next === null ? [] : [{ type: 'section', text: plain(visible(next), FIELD_MAX) }]),
      { type: 'section', fields },
      way,
    ],
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function plain(text: string, most: number): object {
  return { type: 'plain_text', emoji: false, text: escaped(cut(text, most)) };
}

/** Cut before it is escaped, so that no entity is cut: an escaped text is at most five times as long. Nor is a character of two halves. */
function cut(text: string, most: number): string {
  if (escaped(text).length <= most) return text;
  return `${text.slice(0, Math.floor(most / 5) - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The three characters that Slack gives a meaning, https://docs.slack.dev/messaging/formatting-message-text#escaping. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
