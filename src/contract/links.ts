/** Where texts link to, host by host: what a reader should look at before following one. Schemes without host are told by their name. */
export function hostsOf(texts: readonly string[]): readonly string[] {
  const hosts = texts.flatMap((text) => [...text.matchAll(LINK)].map(([link]) => hostOf(link)));
  return [...new Set(hosts.filter((host) => host !== null))].toSorted();
}

/** Anything that a mail program or a chat makes a link of, and schemes that run something. */
const LINK = /\b(?:(?:https?|ftp):\/\/|www\.)[^\s<>"')\]]+|\b(?:javascript|data|vbscript):[^\s<>"')\]]+/giu;
const LONGEST = 100;

function hostOf(link: string): string | null {
  const scheme = /^(javascript|data|vbscript):/i.exec(link)?.[1];
  if (scheme !== undefined) return `${scheme.toLowerCase()}: (runs or holds something itself)`;
  const url = link.toLowerCase().startsWith('www.') ? `http://${link}` : link;
  // The host as it is resolved: lower case, look-alikes of other scripts as xn--, user names before an @ left out.
  return URL.canParse(url) ? new URL(url).host.slice(0, LONGEST) : null;
}
