/** Where texts link to, host by host: what a reader should look at before following one. Schemes without host are told by their name. */
export function hostsOf(texts: readonly string[]): readonly string[] {
  const hosts = texts.flatMap((text) => [...text.matchAll(LINK)].map(([link]) => hostOf(link)));
  return [...new Set(hosts.filter((host) => host !== null))].toSorted();
}

/** Anything that a mail program or a chat makes a link of, and schemes that run something. */
const LINK = /\b(?:(?:https?|ftp):\/\/|www\.)[^\s<>"')\]]+|\b(?:javascript|data|vbscript):[^\s<>"')\]]+/giu;
const LONGEST = 100;
/** No name has more (RFC 1035, with a port); reading one costs the square of its length. */
const LONGEST_HOST = 260;

function hostOf(link: string): string | null {
  const scheme = /^(javascript|data|vbscript):/i.exec(link)?.[1];
  if (scheme !== undefined) return `${scheme.toLowerCase()}: (runs or holds something itself)`;
  const url = link.toLowerCase().startsWith('www.') ? `http://${link}` : link;
  // However many slashes stand before it: whoever reads the link passes over them.
  const authority = url.replace(/^[a-z]+:[/\\]*/i, '').split(/[/?#\\]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host.length > LONGEST_HOST) return `${host.slice(0, LONGEST)}… (too long for a host)`;
  // The host as it is resolved: lower case, look-alikes of other scripts as xn--, user names before an @ left out.
  return URL.canParse(url) ? new URL(url).host.slice(0, LONGEST) : null;
}

/** A piece of a text; `host` names where a link leads, on the piece of it that says so. */
export interface LinkSpan {
  readonly text: string;
  readonly host?: string;
}

/** A text in pieces, so that whoever shows it can emphasise the hosts of links; together the pieces are the text. */
export function linkSpans(text: string): readonly LinkSpan[] {
  const spans: LinkSpan[] = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    const from = index + hostStart(link);
    const shown = /^[^/?#\\]*/.exec(text.slice(from, index + link.length))?.[0] ?? '';
    const host = hostOf(link);
    if (host === null || shown === '') continue;
    spans.push({ text: text.slice(end, from) }, { text: shown, host });
    end = from + shown.length;
  }
  return [...spans, { text: text.slice(end) }].filter((span) => span.text !== '');
}

/** Behind the scheme and a user name, which may look like a host and is none. */
function hostStart(link: string): number {
  const scheme = /^[a-z]+:[/\\]*/i.exec(link)?.[0].length ?? 0;
  const authority = /^[^/?#\\]*/.exec(link.slice(scheme))?.[0] ?? '';
  return scheme + authority.lastIndexOf('@') + 1;
}
