import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { parseStrictJson } from '../contract/strict-json.js';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { isName, parseEscalationId, type TaskId } from '../domain/ids.js';
import { notFound } from './problem.js';

/** The largest body that is read; more belongs behind a reference. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** A request's body as strict JSON of this shape. Throws `unsupported-media`, `too-large`, `usage` (not JSON) or `invalid` (wrong shape). */
export async function readBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new CountersignError(
      'unsupported-media',
      'The body must be JSON: send Content-Type: application/json.',
    );
  }
  return fitBody(schema, jsonOf(await readBytes(request, MAX_BODY_BYTES)));
}

/** Bytes as strict JSON. Throws `usage`. */
export function jsonOf(bytes: Uint8Array): Json {
  const json = parseStrictJson(textOf(bytes), { bytes: MAX_BODY_BYTES });
  if ('value' in json) return json.value;
  throw new CountersignError('usage', 'The body is not usable JSON: see `problems`.', {
    problems: json.problems,
  });
}

/** A body of this shape. Throws `invalid`. */
export function fitBody<Schema extends z.ZodType>(schema: Schema, body: Json): z.output<Schema> {
  return fit(schema, body, 'invalid', 'The request does not fit: see `problems`.');
}

/** The query of this shape. Throws `usage`. */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  return fit(schema, query, 'usage', 'The query does not fit: see `problems`.');
}

/** A value of this shape. Throws `code` with the places that do not fit. */
export function fit<Schema extends z.ZodType>(
  schema: Schema,
  value: Json,
  code: 'invalid' | 'usage',
  detail: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: ['$', ...issue.path].map(String).join('.'), message: issue.message }));
  throw new CountersignError(code, detail, { problems });
}

/** A request's body as text. Throws `too-large`, or `usage` when it is not UTF-8. */
export async function readText(request: Request): Promise<string> {
  return textOf(await readBytes(request, MAX_BODY_BYTES));
}

/** What was read of requests by `bodyIn`. */
const bodies = new WeakMap<Request, Promise<Uint8Array>>();

/**
 * Waits until a request's body is in, for its handler to read; what is wrong with it the handler says. Whoever sends it decides how long
 * that takes: what they may do is looked up behind it.
 */
export async function bodyIn(request: Request): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const body = readBytes(request, MAX_BODY_BYTES);
  bodies.set(request, body);
  await body.catch(() => undefined);
}

/** A request's body as it came, of at most so many bytes; no more is read. Throws `too-large`. */
export async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const read = bodies.get(request);
  if (read !== undefined) return read;
  const length = request.headers.get('content-length');
  if (Number(length ?? 0) > most) tooLarge(most);
  // No more than was announced ever comes: read in one piece, which costs a fraction of a stream.
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) tooLarge(most);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Bytes as UTF-8 text. Throws `usage` for others. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CountersignError('usage', 'The body is not UTF-8 text.');
  }
}

function tooLarge(most: number): never {
  throw new CountersignError(
    'too-large',
    `The body is over ${most} bytes: put large evidence elsewhere and refer to it.`,
  );
}

/** The `Idempotency-Key`, or a new one: then every request is its own. Throws `usage` on one that no header should carry. */
export function idempotencyKeyOf(request: Request): string {
  const key = request.headers.get('idempotency-key');
  if (key === null) return randomUUID();
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new CountersignError('usage', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  return key;
}

/** A task name from the path; what cannot be one does not exist. */
export function taskOf(text: string): TaskId {
  return isName(text) ? (text as TaskId) : notFound(); // checked by isName
}

/** An escalation id from the path; what cannot be one does not exist. */
export function escalationOf(text: string): { task: TaskId; operation: number } {
  return parseEscalationId(text) ?? notFound();
}

/** An opaque page cursor. */
export function writeCursor(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** What writeCursor packed, of this shape. Throws `usage` when the cursor is not one of ours. */
export function readCursor<Schema extends z.ZodType>(
  cursor: string | undefined,
  schema: Schema,
): z.output<Schema> | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const json = parseStrictJson(text);
  // No column holds a NUL: whoever sends one made the cursor up.
  const parsed = 'value' in json && !text.includes('\\u0000') ? schema.safeParse(json.value) : undefined;
  if (!parsed?.success) throw new CountersignError('usage', 'The cursor is not the `next` of a page before.');
  return parsed.data;
}
