import { briefDigest } from '../../src/contract/brief.js';
import { takeSecrets } from '../../src/contract/seal.js';
import { SECRET_MASK } from '../../src/contract/secret.js';
import type { Brief } from '../../src/domain/brief.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { storeSecrets } from '../../src/store/secrets.js';
import { createSession } from '../../src/store/sessions.js';
import { findTool } from '../../src/store/tools.js';
import { TENANT, type Gate } from './fixture.js';
import { aBrief, anOpenQuestion, journal } from './questions.js';

/** Where the pages of tests are. */
export const OWN = 'http://localhost';

/** What a browser gets. */
export interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A person at a browser: their cookie, and the pages that they look at. */
export interface Visitor {
  readonly cookie: string;
  get(path: string, headers?: Record<string, string>): Promise<Shown>;
  /** Posts fields as a page of ours does. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ): Promise<Shown>;
  /** The fields of a form of a page, hidden ones and what stands in the others. */
  form(path: string, form: string): Promise<Record<string, string>>;
}

/** Somebody with a session of this moment. */
export async function aVisitor(gate: Gate, subject: string): Promise<Visitor> {
  const now = await gate.database.now();
  const who = { tenant: TENANT, subject, issuer: 'local', claims: null, acr: null, authTime: now, now };
  const { secret } = await createSession(gate.database, who);
  return visiting(gate, `countersign=${secret}`);
}

/** Somebody with this cookie; empty = nobody. */
export function visiting(gate: Gate, cookie: string): Visitor {
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Shown> => {
    const init: RequestInit = { method, headers: { ...(cookie === '' ? {} : { cookie }), ...headers } };
    if (body !== undefined) init.body = body;
    const response = await gate.fetch(new Request(`${OWN}${path}`, init));
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const visitor: Visitor = {
    cookie,
    get: (path, headers = {}) => ask('GET', path, headers),
    post: (path, fields, headers = {}) =>
      ask(
        'POST',
        path,
        { origin: OWN, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        new URLSearchParams(fields).toString(),
      ),
    async form(path, form) {
      return fieldsOf((await visitor.get(path)).text, form);
    },
  };
  return visitor;
}

/** The fields of the form of this name on a page. */
export function fieldsOf(page: string, name: string): Record<string, string> {
  const form = page.split('<form').find((part) => part.includes(`name="form" value="${name}"`));
  if (form === undefined) throw new Error(`no form ${name} on this page`);
  const [inside = ''] = form.split('</form>');
  const inputs = [...inside.matchAll(/<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"/g)];
  const areas = [...inside.matchAll(/<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)<\/textarea>/g)];
  const selects = [...inside.matchAll(/<select[^>]* name="([^"]+)"[^>]*>(.*?)<\/select>/gs)].map(
    ([, field, options = '']) => ['', field, /<option value="([^"]*)"\s+selected/.exec(options)?.[1] ?? ''],
  );
  return Object.fromEntries(
    [...inputs, ...areas, ...selects].map(([, field = '', value = '']) => [field, plain(value)]),
  );
}

/** What a browser reads where markup says this. */
export function plain(markup: string): string {
  return markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** The path of a question's page. */
export function pageOf({ task, operation }: Pick<QuestionRow, 'task' | 'operation'>): string {
  return `/review/${task}:${operation}`;
}

/** What those who fill in a form say. */
export const REASON = 'the order was lost';

/** The fields of an approval, filled in as somebody would who means it. */
export async function approval(who: Visitor, question: QuestionRow): Promise<Record<string, string>> {
  return { ...(await who.form(pageOf(question), 'approve')), why: REASON, confirm: 'issue_refund' };
}

/** The fields of a refusal. */
export async function rejection(who: Visitor, question: QuestionRow): Promise<Record<string, string>> {
  return { ...(await who.form(pageOf(question), 'reject')), reason: 'not-shown', why: REASON };
}

/** A question with a brief of its own. */
export async function asked(
  gate: Gate,
  row: Parameters<typeof anOpenQuestion>[1],
  brief: Partial<Brief>,
): Promise<QuestionRow> {
  const made = aBrief(brief);
  return anOpenQuestion(gate, { brief: made, briefDigest: briefDigest(made), ...row });
}

/** A question about sending a stored secret, `key-of-mia`. */
export async function aKey(gate: Gate): Promise<QuestionRow> {
  const [tool, to] = ['send_key', 'mia'];
  const schema = (await findTool(gate.database, tool))?.schema ?? {};
  const taken = takeSecrets(gate.deps.secrets, { tenant: TENANT, schema, args: { to, key: 'key-of-mia' } });
  await gate.database.transaction(async (tx) => storeSecrets(tx, TENANT, taken.secrets, 1));
  return asked(
    gate,
    { tool, tier: 3, args: taken.args },
    { tier: 3, tool: { name: tool, version: '1' }, fullArguments: { to, key: SECRET_MASK } },
  );
}

/** What the journal says of the first event of this type about a question. */
export async function told(gate: Gate, question: QuestionRow, type: string): Promise<unknown> {
  const entries = await journal(gate, question);
  return JSON.parse(entries.find((entry) => entry.type === type)?.body ?? 'null');
}
