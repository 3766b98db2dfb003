import { expect, it } from 'vitest';
import { policyJsonSchema, remindMs } from './policy-file.js';

it('schema/policy.schema.json is the schema that loading applies (`npx vitest run policy-file -u` writes it)', async () => {
  await expect(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/policy.schema.json',
  );
});

it('reads a reminder as a share of the ttl or as a duration', () => {
  expect([remindMs('50%', 1001), remindMs('12h', 1001)]).toEqual([500, 43_200_000]);
});
