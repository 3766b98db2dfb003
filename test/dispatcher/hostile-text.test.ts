import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mailText } from '../../src/activities/adapters/mail-text.js';
import { slackMessage } from '../../src/activities/adapters/slack-blocks.js';
import type { Flag } from '../../src/domain/brief.js';
import { visible } from '../../src/domain/sanitise.js';
import { aNotice } from './a-notice.js';

const TRICKS = [
  '<script>alert(1)</script>',
  '"><img src=http://evil.example/x>',
  "' onmouseover='x",
  'javascript:alert(1)',
  '<!channel>',
  '<@U012ABC>',
  '<http://evil.example|Approve>',
  '![x](http://evil.example/x)',
  '\r\nBcc: other@example.com',
  '\u202Egnp.exe',
  '\u200B',
  '&lt;b&gt;',
  '</body></html><a href=http://evil.example>',
  '\u0000',
  '\uD800',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...TRICKS), fc.string({ unit: 'binary' }), fc.string()), { maxLength: 6 })
  .map((parts) => parts.join(''));

/** Every text of a notice that could ever have come from outside. */
const notices = fc.record({
  headline: hostile.map((text) => `a${text}`),
  next: fc.option(hostile.map((text) => `a${text}`)),
  about: hostile,
  tool: fc.option(hostile),
  role: hostile,
  command: hostile,
  flags: fc.array(hostile as fc.Arbitrary<Flag>, { maxLength: 2 }), // what the store might be made to hold
  link: fc.constantFrom(null, { label: 'Open the review', url: 'https://gate.example.com/review/x:1' }),
});

const HIDDEN =
  /[\p{Cc}\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\p{Variation_Selector}\p{Surrogate}]|[\u{E0000}-\u{E0FFF}]/u;

/** The tags of a text as an HTML reader finds them: a `<` and a letter, `/`, `!` or `?` (HTML Living Standard, 13.2.5.6). */
const tagsOf = (html: string) => [...html.matchAll(/<[a-z/!?][^>]*>?/gi)].map(([tag]) => tag);
const undo = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

// Seen to fail: `<` not escaped; the sanitiser left out of a value.
it('attack 12: attack 26: whatever is in a notice, its mail has the tags of a harmless one, and loses nothing', () => {
  fc.assert(
    fc.property(notices, (over) => {
      const notice = aNotice(over);
      const { subject, html, text } = mailText(notice);
      const harmless = mailText(
        aNotice({
          ...over,
          headline: 'a',
          next: over.next === null ? null : 'a',
          about: 'a',
          role: 'a',
          command: 'a',
        }),
      );
      expect(tagsOf(html)).toEqual(tagsOf(harmless.html));
      for (const line of [subject, ...html.split('\n'), ...text.split('\n')])
        expect(line).not.toMatch(HIDDEN);
      const [row = ''] = html.match(/<th scope="row"[^>]*>Id<\/th><td[^>]*>([^<]*)<\/td>/)?.slice(1) ?? [];
      expect(undo(row)).toBe(visible(notice.about));
      expect(text).toContain(`Id: ${visible(notice.about)}\n`);
    }),
    { numRuns: 500 },
  );
});

// Seen to fail: `&` not escaped; a text that is not cut.
it('attack 14: whatever is in a notice, its Slack message is plain text within the limits of Slack', () => {
  fc.assert(
    fc.property(notices, (over) => {
      const { text, blocks } = slackMessage(aNotice({ ...over, tool: `${over.tool}${'<'.repeat(3_000)}` }));
      const texts: { type: string; text: string }[] = [];
      const collect = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        if ('text' in value && typeof value.text === 'string')
          texts.push(value as { type: string; text: string }); // checked in this line
        for (const inner of Object.values(value)) collect(inner);
      };
      collect(blocks);
      expect(texts.length).toBeGreaterThan(4);
      for (const each of texts) {
        expect(each.type).toBe('plain_text');
        expect(each.text.length).toBeLessThanOrEqual(2_000);
        expect(each.text.length).toBeGreaterThan(0);
      }
      for (const each of [text, ...texts.map((plain) => plain.text)]) {
        expect(each).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
        expect(each).not.toMatch(HIDDEN);
      }
      const urls = [...JSON.stringify(blocks).matchAll(/"url":"([^"]*)"/g)].map(([, url]) => url);
      expect(urls).toEqual(over.link === null ? [] : [over.link.url]);
    }),
    { numRuns: 500 },
  );
});

// Seen to fail: a cut by code units alone.
it('attack 14: a text that is too long for Slack is not cut within a character', () => {
  for (const before of ['', 'a']) {
    const { blocks } = slackMessage(aNotice({ headline: `${before}${'\u{1F600}'.repeat(2_000)}` }));
    expect(JSON.stringify(blocks)).not.toMatch(/\\ud[89a-f]/i);
  }
});
