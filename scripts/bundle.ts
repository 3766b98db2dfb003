/** After the compiler: bundles the workflows once, so that no worker spends its start on it, and puts the pages' own files beside their code. */
import { cpSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const workflows = fileURLToPath(new URL('../src/workflows/index.js', import.meta.url));
const converter = fileURLToPath(new URL('../src/workflows/payload-converter.js', import.meta.url));
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
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    payloadConverterPath: converter,
    // None of our modules keeps anything of a run: all runs of a worker share them, instead of each evaluating its own.
    preloadModules: [workflows, converter],
    logger: new DefaultLogger('WARN'),
  });
  // In place in one step: a worker that starts meanwhile reads the old one or the new one.
  writeFileSync(`${target}.${process.pid}`, code);
  renameSync(`${target}.${process.pid}`, target);
} else {
  process.stderr.write(`bundle: nothing to do, ${workflows} does not exist\n`);
}
