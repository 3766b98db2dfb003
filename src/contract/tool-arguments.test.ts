import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { refund, refundArgs as args, refundInput as input } from '../../test/support/refund-tool.js';
import { secret } from './secret.js';
import { defineTool, impactOfCall } from './tool.js';

describe('stored arguments, looked at', () => {
  const [long, stored] = [
    { input: input.extend({ pin: secret(z.string().min(20)) }) as unknown as typeof input },
    { ...args, pin: { $secret: 'hmac-sha256:00' } },
  ];

  // Seen to fail with parseArgs in its place: a mask is shorter than 20.
  it('have a mask for a secret, whatever its schema says of a text', () => {
    expect(refund(long).viewArgs(stored)).toEqual({ args: { ...args, pin: '••••••' } });
    expect(impactOfCall(refund(long), stored)).toEqual({ money: { minor: 24000, currency: 'USD' } });
  });

  it('are wrong where anything else is, and where the mask itself was written', () => {
    expect(refund(long).viewArgs({ ...stored, amountCents: -1 })).toMatchObject({
      problems: [{ path: '$.amountCents' }],
    });
    expect(refund(long).viewArgs({ ...args, pin: '••••••' })).toMatchObject({
      problems: [{ path: '$.pin' }],
    });
  });

  // Seen to fail: a mask that is too short ended the look at what stands beside it, and `PRODUCTION` was judged as no production.
  it.each([
    ['a secret()', z.string()],
    ['one of 20 characters', z.string().min(20)],
  ])(
    'are wrong where the tool would read something else beside %s, also within the same part',
    (_what, text) => {
      const env = z.string().toLowerCase();
      const tool = defineTool({
        name: 'deploy',
        version: '1',
        tier: 2,
        input: z.strictObject({ env, pin: secret(text), by: z.strictObject({ env, pin: secret(text) }) }),
        describe: () => 'deploy',
        impact: (read) => ({ environment: read.env }),
        run: () => null,
      });
      const pin = { $secret: 'hmac-sha256:00' };
      const asRead = { env: 'production', pin, by: { env: 'staging', pin } };
      expect(impactOfCall(tool, asRead)).toEqual({ environment: 'production' });
      for (const [path, call] of [
        ['$.env', { ...asRead, env: 'PRODUCTION' }],
        ['$.by', { ...asRead, by: { env: 'STAGING', pin } }],
      ] as const) {
        expect(tool.viewArgs(call)).toMatchObject({ problems: [{ path }] });
        expect(impactOfCall(tool, call)).toBeNull();
      }
    },
  );
});
