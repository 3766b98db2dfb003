import { CountersignError } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { createPolicyCache } from '../policy/load.js';
import type { Policy } from '../policy/policy.js';
import type { Queries } from '../store/database.js';
import { activePolicyHash, findPolicy } from '../store/policies.js';

/** Policies as the activities need them: which one is active is read at every use, each is compiled once. */
export interface PolicyShelf {
  /** The tenant's active policy, read now. Throws `unreachable` (tried again) when none was ever activated: nothing runs then. */
  active(queries: Queries, tenant: TenantId): Promise<Policy>;
}

/** A shelf over the store. */
export function policyShelf(): PolicyShelf {
  const compiled = createPolicyCache();
  return {
    async active(queries, tenant) {
      const hash = await activePolicyHash(queries, tenant);
      const missing = `tenant ${tenant} has no active policy: activate one with \`countersign policy activate FILE\``;
      if (hash === undefined) throw new CountersignError('unreachable', missing);
      return compiled(hash, async () => (await findPolicy(queries, hash))?.source ?? '');
    },
  };
}
