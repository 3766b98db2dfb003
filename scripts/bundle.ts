/** After the compiler: bundles the workflows once, so that no worker spends its start on it, and puts the pages' own files beside their code. */
import { cpSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from './support/bundle-workflows.js';

const workflows = fileURLToPath(new URL('../src/workflows', import.meta.url));
const target = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

const assets = 'src/gateway/pages/assets';
cpSync(
  fileURLToPath(new URL(`../../${assets}`, import.meta.url)),
  fileURLToPath(new URL(`../${assets}`, import.meta.url)),
  {
    recursive: true,
  },
);

if (existsSync(workflows)) {
  const code = await bundleWorkflows(workflows, '.js', { logger: new DefaultLogger('WARN') });
  // In place in one step: a worker that starts meanwhile reads the old one or the new one.
  writeFileSync(`${target}.${process.pid}`, code);
  renameSync(`${target}.${process.pid}`, target);
} else {
  process.stderr.write(`bundle: nothing to do, ${workflows} does not exist\n`);
}
