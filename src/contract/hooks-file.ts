import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { instant, name, tenantName } from './fields.js';
import { HOOK_KINDS } from './hook-event.js';
import type { WebhookSecret } from './standard-webhook.js';

/** An address or a CIDR range of IPv4 or IPv6. */
const range = z
  .string()
  .max(64)
  .refine((text) => rangeOf(text) !== undefined, 'must be an address or a range such as 10.1.0.0/16');

const url = z
  .string()
  .max(2_000)
  .refine(isUsableUrl, 'must be an https:// URL without user and fragment (http:// to this machine only)');

const path = z.string().min(1).max(1_000);
const until = z.iso
  .datetime({ offset: true, error: 'must be a time with its zone, such as 2026-12-01T00:00:00Z' })
  .transform((text) => Date.parse(text))
  .pipe(instant);

const target = z.strictObject({
  id: name,
  tenant: tenantName,
  url,
  /** Newest first; all of them sign. */
  secret_files: z.array(path).min(1).max(4),
  events: z.array(z.enum(HOOK_KINDS)).max(HOOK_KINDS.length).default([]),
  /** What may be reached although it is no public address. */
  allow_private: z.array(range).max(32).default([]),
});

const integration = z.strictObject({
  id: name,
  tenant: tenantName,
  /** Newest first; an older one may carry a day after which it is refused. */
  secret_files: z
    .array(z.union([path, z.strictObject({ file: path, until: until.optional() })]))
    .min(1)
    .max(4),
  /** From the sender's own word for a person, which the sender has verified, to the subject here. */
  reviewers: z.record(z.string().min(1).max(256), name),
  /** Whether it may say that mails came back. */
  bounces: z.boolean().default(false),
});

/** The file of `COUNTERSIGN_HOOKS_FILE`: whom to tell by web hook, and from whom decisions come. */
export const hooksFile = z
  .strictObject({ out: z.array(target).max(100).default([]), in: z.array(integration).max(100).default([]) })
  .superRefine((file, context) => {
    for (const side of ['out', 'in'] as const)
      for (const [index, { id }] of file[side].entries())
        if (file[side].findIndex((other) => other.id === id) < index)
          context.addIssue({ code: 'custom', path: [side, index, 'id'], message: 'must be named once' });
    for (const [index, { url: text, allow_private: ranges }] of file.out.entries())
      if (text.startsWith('http:') && ranges.length === 0)
        context.addIssue({
          code: 'custom',
          path: ['out', index, 'allow_private'],
          message: 'must name this machine, such as 127.0.0.1, where the URL does',
        });
  });

/** Somebody to be told, with the secrets read. */
export interface HookTarget extends Omit<z.output<typeof target>, 'secret_files'> {
  readonly secrets: readonly WebhookSecret[];
}

/** Somebody decisions come from, with the secrets read. */
export interface HookIntegration extends Omit<z.output<typeof integration>, 'secret_files' | 'reviewers'> {
  /** `until` in epoch milliseconds; absent = for as long as it stands in the file. */
  readonly secrets: readonly { readonly secret: WebhookSecret; readonly until?: number }[];
  readonly reviewers: ReadonlyMap<string, string>;
}

/** Both directions, as far as they are configured. */
export interface Hooks {
  readonly out: readonly HookTarget[];
  readonly in: readonly HookIntegration[];
}

/** The ranges as something addresses can be looked up in. */
export function rangesOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const { address, bits, family } = rangeOf(text) ?? fail(text);
    list.addSubnet(address, bits, family);
  }
  return list;
}

function rangeOf(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || address.includes('%') || more.length > 0) return undefined;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most)) return undefined;
  return { address, bits: Number(prefix ?? most), family: version === 4 ? 'ipv4' : 'ipv6' };
}

function fail(text: string): never {
  throw new Error(`${text} is no range`); // the file's schema lets none in
}

function isUsableUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash, hostname } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  const here = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && here);
}
