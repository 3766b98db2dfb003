import { visible } from '../../domain/sanitise.js';
import type { Notice } from '../ports.js';
import { factsOf, NO_REPLY, titleOf } from './notice-parts.js';

/** A notice as mail: the same in plain text and in HTML without anything remote or active. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Writes a notice as mail. */
export function mailText(notice: Notice): MailText {
  return { subject: titleOf(notice), text: plain(notice), html: html(notice) };
}

function plain(notice: Notice): string {
  const { headline, next, link, command } = notice;
  const facts = factsOf(notice, 'mail').map(([label, value]) => `${label}: ${value}`);
  return [
    `${visible(headline)}.`,
    ...(next === null ? [] : [visible(next)]),
    '',
    ...facts,
    '',
    link === null ? `Look at it with: ${visible(command)}` : `${link.label}: ${visible(link.url)}`,
    '',
    NO_REPLY,
    '',
  ].join('\n');
}

const FONT = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;font-size:15px;line-height:1.5';
const BUTTON =
  'display:inline-block;padding:10px 16px;border:1px solid #1f4e79;border-radius:6px;background:#1f4e79;color:#ffffff;text-decoration:none;font-weight:600';

function html(notice: Notice): string {
  const { headline, next, link, command } = notice;
  const rows = factsOf(notice, 'mail').map(
    ([label, value]) =>
      `<tr><th scope="row" style="text-align:left;padding:2px 16px 2px 0;font-weight:600">${escaped(label)}</th><td style="padding:2px 0">${escaped(value)}</td></tr>`,
  );
  const way =
    link === null
      ? `Look at it with: <code>${escaped(command)}</code>`
      : `<a href="${escaped(link.url)}" style="${BUTTON}">${escaped(link.label)}</a>`;
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escaped(titleOf(notice))}</title></head>`,
    `<body style="margin:0;padding:24px;${FONT}">`,
    `<h1 style="margin:0 0 12px;font-size:20px">${escaped(headline)}</h1>`,
    ...(next === null ? [] : [`<p style="margin:0 0 12px">${escaped(next)}</p>`]),
    `<table style="border-collapse:collapse;margin:0 0 20px;${FONT}">${rows.join('')}</table>`,
    `<p style="margin:0 0 20px">${way}</p>`,
    `<p style="margin:0;font-size:13px;color:#6b7280">${NO_REPLY}</p>`,
    '</body></html>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text inside an element or a quoted attribute. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
