/**
 * The tools of a release desk: deploying, migrating, rotating keys, deleting rows, granting rights. `cluster.ts` stands for the real one.
 *   countersign dev --policy examples/deploy/policy.yaml --tools examples/deploy/tools.ts
 *   countersign policy test examples/deploy/policy.yaml --tools examples/deploy/tools.ts
 */
import { createHash } from 'node:crypto';
import { defineTool, secret, ToolFailure } from 'countersign';
import { z } from 'zod';
import { createCluster, type Environment } from './cluster.js';
import { deployment } from './deployment.js';

/** The cluster that these tools change. */
export const cluster = createCluster();

const service = z.string().regex(/^[a-z][a-z-]{0,30}$/, 'must be a service such as web');
const environment = z.enum(['staging', 'production']);
const keyed = { idempotency: { keyLifetime: '24h' } } as const;

const stateOf = (name: string, where: Environment) => {
  const { digest, replicas, changedAt } = cluster.service(name, where);
  return {
    what: `${name} in ${where}: ${digest.slice(0, 19)}, ${replicas} replicas`,
    source: 'cluster',
    at: changedAt,
  };
};

/** Reads what runs. */
export const readStatus = defineTool({
  name: 'read_status',
  version: '1',
  tier: 1,
  input: z.strictObject({ service, environment }),
  output: z.strictObject({
    digest: z.string(),
    replicas: z.int(),
    frozen: z.boolean(),
    before: z.array(z.string()),
    changedAt: z.int(),
  }),
  describe: (args) => `Read the status of ${args.service} in ${args.environment}`,
  run: (args) => cluster.service(args.service, args.environment),
});

/** Puts a version onto staging; the one before can be put back. */
export const deployStaging = deployment(cluster, 'staging', { name: 'deploy_staging', tier: 2 });

/** Puts a version onto production, in front of every customer. */
export const deployProduction = deployment(cluster, 'production', {
  name: 'deploy_production',
  tier: 3,
  categories: ['deploy-production'],
});

/** Puts the version back that ran before. It was let into production once, so this is no deployment that always asks. */
export const rollback = defineTool({
  ...keyed,
  name: 'rollback',
  version: '1',
  tier: 3,
  input: z.strictObject({ service }),
  output: z.strictObject({ digest: z.string() }),
  describe: (args) => `Roll ${args.service} in production back to the version before`,
  impact: () => ({ environment: 'production' }),
  preview: (args) => {
    const { digest, before } = cluster.service(args.service, 'production');
    return {
      diff: [
        {
          field: `${args.service} in production`,
          before: digest,
          after: before.at(-1) ?? 'nothing to go back to',
        },
      ],
      evidence: [stateOf(args.service, 'production')],
    };
  },
  fingerprint: (args) => cluster.service(args.service, 'production').digest,
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      const { before } = cluster.service(args.service, 'production');
      const digest = before.at(-1);
      if (digest === undefined)
        throw new ToolFailure('nothing-before', `${args.service} has no version to go back to`);
      cluster.change(args.service, 'production', { digest, before: before.slice(0, -1) });
      return { digest };
    }),
});

/** Changes how many copies run; the number before can be restored. */
export const scaleService = defineTool({
  ...keyed,
  name: 'scale_service',
  version: '1',
  tier: 2,
  input: z.strictObject({ service, environment, replicas: z.int().min(0).max(50) }),
  output: z.strictObject({ before: z.int(), after: z.int() }),
  describe: (args) => `Scale ${args.service} in ${args.environment} to ${args.replicas} replicas`,
  impact: (args) => ({ environment: args.environment }),
  preview: (args) => ({
    diff: [
      {
        field: `replicas of ${args.service}`,
        before: String(cluster.service(args.service, args.environment).replicas),
        after: String(args.replicas),
      },
    ],
    evidence: [stateOf(args.service, args.environment)],
  }),
  undo: (args, result) => {
    const { before } = z.object({ before: z.int() }).parse(result);
    cluster.change(args.service, args.environment, { replicas: before });
  },
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      const { replicas: before } = cluster.service(args.service, args.environment);
      cluster.change(args.service, args.environment, { replicas: args.replicas });
      return { before, after: args.replicas };
    }),
});

/** Refuses new versions of a service until somebody thaws it: what can be done safely when nobody answers. */
export const freezeService = defineTool({
  ...keyed,
  name: 'freeze_service',
  version: '1',
  tier: 2,
  input: z.strictObject({ service }),
  describe: (args) => `Freeze ${args.service} in production: it takes no new version`,
  undo: (args) => cluster.change(args.service, 'production', { frozen: false }),
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      cluster.change(args.service, 'production', { frozen: true });
      return { frozen: args.service };
    }),
});

/** Switches a feature on or off. */
export const setFlag = defineTool({
  ...keyed,
  name: 'set_flag',
  version: '1',
  tier: 2,
  input: z.strictObject({ flag: z.string().min(1).max(60), on: z.boolean() }),
  output: z.strictObject({ was: z.boolean() }),
  describe: (args) => `Switch the flag ${args.flag} ${args.on ? 'on' : 'off'}`,
  undo: (args, result) => switchFlag(args.flag, z.object({ was: z.boolean() }).parse(result).was),
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      const was = cluster.flags.has(args.flag);
      switchFlag(args.flag, args.on);
      return { was };
    }),
});

function switchFlag(flag: string, on: boolean): void {
  if (on) cluster.flags.add(flag);
  else cluster.flags.delete(flag);
}

/** Runs a migration of the database, which takes no keys: one that may have run is never repeated. */
export const runMigration = defineTool({
  name: 'run_migration',
  version: '1',
  tier: 4,
  input: z.strictObject({ migration: z.string().regex(/^\d{4}-[a-z-]+$/, 'must be such as 0002-invoices') }),
  output: z.strictObject({ applied: z.string() }),
  describe: (args) => `Run the migration ${args.migration} on the production database`,
  impact: () => ({ environment: 'production' }),
  preview: (args) => ({
    diff: [
      { field: 'migrations', before: `${cluster.migrations.size} applied`, after: `and ${args.migration}` },
    ],
    alternatives: ['run it on staging first'],
    unknowns: ['how long tables are locked'],
  }),
  fingerprint: () => [...cluster.migrations].join(),
  run: (args) => {
    if (cluster.migrations.has(args.migration))
      throw new ToolFailure('already-applied', `${args.migration} was applied before`);
    cluster.migrations.add(args.migration);
    return { applied: args.migration };
  },
});

/** Deletes the rows of a table. */
export const deleteData = defineTool({
  ...keyed,
  name: 'delete_data',
  version: '1',
  tier: 4,
  categories: ['delete-data'],
  input: z.strictObject({ table: z.string().regex(/^[a-z_]{1,40}$/), rows: z.int().min(1) }),
  output: z.strictObject({ deleted: z.int() }),
  describe: (args) => `Delete the oldest ${args.rows} rows of ${args.table} in production`,
  impact: (args) => ({ rows: args.rows, environment: 'production' }),
  preview: (args) => {
    const rows = rowsOf(args.table);
    const unknowns = args.rows > rows ? [`${args.table} has only ${rows} rows`] : [];
    return {
      diff: [{ field: `rows of ${args.table}`, before: String(rows), after: String(rows - args.rows) }],
      unknowns,
    };
  },
  fingerprint: (args) => `${args.table} ${rowsOf(args.table)}`,
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      const rows = rowsOf(args.table);
      if (args.rows > rows) throw new ToolFailure('too-many', `${args.table} has only ${rows} rows`);
      cluster.tables.set(args.table, rows - args.rows);
      return { deleted: args.rows };
    }),
});

function rowsOf(table: string): number {
  const rows = cluster.tables.get(table);
  if (rows === undefined) throw new ToolFailure('no-such-table', `there is no table ${table}`);
  return rows;
}

/** Replaces the key of a service. The new one is a secret: no brief, journal or history holds it, and the result names it by its id. */
export const rotateKeys = defineTool({
  ...keyed,
  name: 'rotate_keys',
  version: '1',
  tier: 3,
  input: z.strictObject({ service, key: secret(z.string().min(20)) }),
  output: z.strictObject({ keyId: z.string() }),
  describe: (args) => `Rotate the key of ${args.service}; the old one stops working`,
  preview: (args) => ({
    diff: [
      {
        field: `key of ${args.service}`,
        before: cluster.keys.get(args.service) ?? 'none',
        after: 'a new one',
      },
    ],
    evidence: [stateOf(args.service, 'production')],
  }),
  fingerprint: (args) => cluster.keys.get(args.service) ?? 'none',
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      const keyId = `${args.service}-key-${createHash('sha256').update(args.key).digest('hex').slice(0, 8)}`;
      cluster.keys.set(args.service, keyId);
      return { keyId };
    }),
});

/** Gives a person a right, which can be taken away again; what was done with it meanwhile cannot. */
export const grantPrivilege = defineTool({
  ...keyed,
  name: 'grant_privilege',
  version: '1',
  tier: 3,
  categories: ['change-privileges'],
  input: z.strictObject({ person: z.string().min(1).max(60), right: z.enum(['read', 'deploy', 'admin']) }),
  describe: (args) => `Give ${args.person} the right to ${args.right} in production`,
  impact: (args) => ({ recipients: [args.person], environment: 'production' }),
  preview: (args) => ({
    diff: [
      {
        field: `rights of ${args.person}`,
        before: [...cluster.rights].filter((right) => right.startsWith(`${args.person} `)).join() || 'none',
        after: `${args.person} ${args.right}`,
      },
    ],
  }),
  undo: (args) => void cluster.rights.delete(`${args.person} ${args.right}`),
  run: (args, { idempotencyKey }) =>
    cluster.once(idempotencyKey, () => {
      cluster.rights.add(`${args.person} ${args.right}`);
      return { granted: args.right };
    }),
});
