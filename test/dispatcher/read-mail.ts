/** One mail as its reader's program takes it apart. */
export interface ReadMail {
  /** Header lines, unfolded. */
  readonly head: readonly string[];
  readonly text: string;
  readonly html: string;
}

/** Takes a mail apart that has a plain and an HTML alternative (RFC 2046, 5.1.4). */
export function readMail(mail: string): ReadMail {
  const { head, body } = split(mail);
  const boundary = /boundary="([^"]+)"/.exec(head.join('\n'))?.[1];
  if (!/^Content-Type: multipart\/alternative/m.test(head.join('\n')) || boundary === undefined)
    throw new Error(`not a mail with alternatives: ${head.join('\n')}`);
  const parts = body.split(`--${boundary}`).slice(1, -1).map(partOf);
  const [text, html] = ['text/plain', 'text/html'].map(
    (type) => parts.find((part) => part.type === type)?.content ?? '',
  );
  if (parts.length !== 2) throw new Error(`a mail of ${parts.length} parts`);
  return { head, text: text ?? '', html: html ?? '' };
}

/** The value of a header that stands there once. */
export function headerOf(mail: ReadMail, name: string): string {
  const found = mail.head.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `));
  if (found.length !== 1) throw new Error(`${found.length} headers ${name}`);
  return found[0]?.slice(name.length + 2) ?? '';
}

function split(text: string) {
  const at = text.indexOf('\r\n\r\n');
  const head = text
    .slice(0, at)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  return { head, body: text.slice(at + 4) };
}

function partOf(text: string): { type: string; content: string } {
  const { head, body } = split(text.replace(/^\r\n/, ''));
  const all = head.join('\n');
  const type = /^Content-Type: ([a-z/]+)/m.exec(all)?.[1] ?? '';
  const encoding = /^Content-Transfer-Encoding: (\S+)/m.exec(all)?.[1] ?? '7bit';
  const raw = body.replace(/\r\n$/, '');
  return { type, content: decoded(raw, encoding).replaceAll('\r\n', '\n') };
}

function decoded(raw: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(raw, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return raw;
  const bytes = raw
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
