import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateSigningKey } from '../../src/contract/sign.js';
import { deploy, expectSound, type Deployment } from './deployment.js';
import { killLiving, startVictimGateway } from './victim.js';

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
}, 60_000);
afterAll(async () => {
  await killLiving();
  await there.stop();
});

/**
 * The rotation of docs/operations.md, with nothing restarted but the gateway that signs. Seen to fail: a gateway that reads the keys at its
 * start alone; it gave neither the new key to whoever verifies nor the agent the reviewer's words, and raised `decision-altered`.
 */
it('a new signing key is known to workers and gateways that run since before it', async () => {
  const { gatewayConfig, url: before } = there.running;
  await there.worker();
  const [approved, rejected] = ['new-key-approved', 'new-key-rejected'] as const;
  for (const task of [approved, rejected]) await there.submit(task, 'pay');
  const [toApprove, toReject] = [await there.asked(approved), await there.asked(rejected)];

  const key = generateSigningKey();
  const verifyKeysFile = gatewayConfig.verifyKeysFile ?? '';
  const known = JSON.parse(readFileSync(verifyKeysFile, 'utf8')) as { keys: object[] }; // written by startRunning
  writeFileSync(verifyKeysFile, JSON.stringify({ keys: [...known.keys, key.publicKey] }));
  const signingKeyFile = join(gatewayConfig.dataDir, 'keys', 'next.json');
  writeFileSync(signingKeyFile, JSON.stringify(key.privateKey));
  const { ready: url } = await startVictimGateway({ config: { ...gatewayConfig, signingKeyFile } });

  const ruth = await there.person('ruth', before);
  expect((await ruth.evidence.keys()).keys.map((jwk) => jwk['kid'])).toContain(key.kid);
  await there.answer(toApprove, {}, { url });
  await there.answer(toReject, { decision: 'reject', why: 'it was paid in May' }, { url });
  expect(await there.end(approved)).toMatchObject({ results: [{ outcome: 'executed' }] });
  expect(await there.end(rejected)).toMatchObject({
    results: [{ outcome: 'rejected', why: 'it was paid in May' }],
  });
  for (const task of [approved, rejected]) await expectSound(there, task);
}, 60_000);
