import { z } from 'zod';
import {
  agentEntry,
  anomaliesEntry,
  defaultsEntry,
  haltsEntry,
  ladderEntry,
  limitEntry,
  moneyEntry,
  type PolicyFile,
  policyFile,
  roleEntry,
  ruleEntry,
  toolEntry,
} from '../contract/policy-file.js';
import { personEntry } from '../contract/policy-people.js';
import { columnsEntry, thresholdsEntry } from '../contract/policy-risk-map.js';
import { signOffEntry } from '../contract/policy-sign-offs.js';
import type { Finding } from './problem.js';
import { schemaFindings } from './schema-findings.js';

/**
 * As much of a policy as is well formed, field by field, so that names and conditions are checked also where something else is wrong.
 * Entries keep their key or their index.
 */
export interface Draft {
  readonly agents: ReadonlyMap<string, Part<typeof agentEntry>>;
  readonly roles: ReadonlyMap<string, Part<typeof roleEntry>>;
  readonly people: ReadonlyMap<string, Part<typeof personEntry>>;
  readonly tools: ReadonlyMap<string, Part<typeof toolEntry>>;
  readonly ladders: ReadonlyMap<string, Part<typeof ladderEntry>>;
  readonly rules: ReadonlyMap<number, Part<typeof ruleEntry>>;
  /** Null = not in the file. */
  readonly limits: ReadonlyMap<number, Part<typeof limitEntry>> | null;
  readonly alwaysAsk: ReadonlyMap<string, Part<typeof moneyEntry>>;
  readonly defaults: Part<typeof defaultsEntry>;
  readonly halts: Part<typeof haltsEntry>;
  readonly anomalies: Part<typeof anomaliesEntry>;
  /** Null = not in the file, or half of it missing. */
  readonly riskMap: {
    readonly impact: ReadonlyMap<string, Part<typeof thresholdsEntry>>;
    readonly levels: ReadonlyMap<string, Part<typeof columnsEntry>>;
  } | null;
  readonly signOffs: ReadonlyMap<number, Part<typeof signOffEntry>>;
}

/** An entry of which fields may be missing because they are not well formed. */
type Part<Schema extends z.ZodObject> = {
  readonly [Key in keyof z.infer<Schema>]?: z.infer<Schema>[Key] | undefined;
};

/** The file if it fits the schema, what does not fit, and a draft of the rest. */
export function draftOf(data: unknown): { file: PolicyFile | null; findings: Finding[]; draft: Draft } {
  const parsed = policyFile.safeParse(data);
  const top = isRecord(data) ? data : {};
  return {
    file: parsed.data ?? null,
    findings: parsed.success ? [] : parsed.error.issues.flatMap((issue) => schemaFindings(issue, data)),
    draft: {
      agents: entries(top['agents'], agentEntry),
      roles: entries(top['roles'], roleEntry),
      people: entries(top['people'], personEntry),
      tools: entries(top['tools'], toolEntry),
      ladders: entries(top['ladders'], ladderEntry),
      rules: items(top['rules'], ruleEntry),
      limits: top['limits'] === undefined ? null : items(top['limits'], limitEntry),
      alwaysAsk: entries(top['always_ask'], moneyEntry),
      defaults: part(top['defaults'], defaultsEntry),
      halts: part(top['halts'], haltsEntry),
      anomalies: part(top['anomalies'], anomaliesEntry),
      riskMap: riskMapOf(top['risk_map']),
      signOffs: items(top['sign_offs'], signOffEntry),
    },
  };
}

function riskMapOf(section: unknown): Draft['riskMap'] {
  if (!isRecord(section) || !isRecord(section['impact']) || !isRecord(section['levels'])) return null;
  return {
    impact: entries(section['impact'], thresholdsEntry),
    levels: entries(section['levels'], columnsEntry),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entries<Schema extends z.ZodObject>(section: unknown, schema: Schema): Map<string, Part<Schema>> {
  return new Map(
    Object.entries(isRecord(section) ? section : {}).map(([key, value]) => [key, part(value, schema)]),
  );
}

function items<Schema extends z.ZodObject>(section: unknown, schema: Schema): Map<number, Part<Schema>> {
  return new Map(
    (Array.isArray(section) ? section : []).map((value: unknown, index) => [index, part(value, schema)]),
  );
}

function part<Schema extends z.ZodObject>(value: unknown, schema: Schema): Part<Schema> {
  const fields = Object.entries(isRecord(value) ? value : {}).flatMap(([key, field]) => {
    const parsed = Object.hasOwn(schema.shape, key) ? z.safeParse(schema.shape[key], field) : null;
    return parsed?.success === true ? [[key, parsed.data] as const] : [];
  });
  return Object.fromEntries(fields) as Part<Schema>; // each field was parsed by the schema of its key
}
