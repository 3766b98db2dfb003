import { describe, expect, it } from 'vitest';
import { hostsOf, linkSpans } from './links.js';

describe('where texts link to (case 27)', () => {
  it.each([
    ['see https://approve.example/task', ['approve.example']],
    ['WWW.Example.COM/x and http://example.com:8080', ['example.com:8080', 'www.example.com']],
    ['https://bank.example@evil.example/login', ['evil.example']],
    ['https://pаypal.example', ['xn--pypal-4ve.example']],
    ['[Approve](https://evil.example/a), <https://evil.example/b>', ['evil.example']],
    ['javascript:alert(1)', ['javascript: (runs or holds something itself)']],
    ['ratio 3:4, e.g. this.that, no link', []],
    ['http://', []],
  ])('%s', (text, hosts) => {
    expect(hostsOf([text])).toEqual(hosts);
  });

  // Seen to fail: two slashes alone counted as the beginning, and nothing was emphasised.
  it.each(['https://evil.example/a', 'https:///evil.example/a'])(
    'shows the host of %s where it stands',
    (link) => {
      const host = linkSpans(`see ${link} now`).filter((span) => span.host !== undefined);
      expect(host).toEqual([{ text: 'evil.example', host: 'evil.example' }]);
    },
  );

  it('tells each host once', () => {
    expect(hostsOf(['https://a.example/1 https://a.example/2', 'https://a.example'])).toEqual(['a.example']);
  });
});
