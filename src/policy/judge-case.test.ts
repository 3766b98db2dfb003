import { expect, it } from 'vitest';
import { z } from 'zod';
import { aPolicy } from '../../test/support/policy-case.js';
import { defineTool } from '../contract/tool.js';
import { judgeInputOf } from './judge-case.js';

const restart = defineTool({
  name: 'read',
  version: '1',
  tier: 1,
  input: z.strictObject({ host: z.string(), wait: z.int().default(0) }),
  describe: () => 'Restart',
  run: () => null,
});

// Seen to fail: the arguments of the case taken as they are written.
it('judges a call with the defaults that the gateway and the workers fill in', () => {
  const call = { agent: 'support', tool: 'read', args: { host: 'a' } };
  const { action, facts } = judgeInputOf(aPolicy(), call, new Map([['read', restart]]));
  const published = z.fromJSONSchema(
    JSON.parse(JSON.stringify(restart.schema)) as Parameters<typeof z.fromJSONSchema>[0], // defineTool made it
  );
  expect(action.args).toEqual({ host: 'a', wait: 0 });
  expect(action.args).toEqual(published.parse(call.args));
  expect(facts).toMatchObject({ tier: 1 });
});
