import { expect, it } from 'vitest';
import { caseJsonSchema } from './case-file.js';

it('schema/cases.schema.json is the schema that loading applies (`npx vitest run case-file -u` writes it)', async () => {
  await expect(`${JSON.stringify(caseJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/cases.schema.json',
  );
});
