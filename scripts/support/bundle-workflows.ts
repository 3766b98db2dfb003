import { bundleWorkflowCode, type BundleOptions } from '@temporalio/worker';

/** The workflows of a folder as one file of code, as every worker runs them: compiled (`.js`) for the product, from source (`.ts`) for tests. */
export async function bundleWorkflows(
  folder: string,
  extension: '.js' | '.ts',
  options: Pick<BundleOptions, 'logger' | 'workflowInterceptorModules'>,
): Promise<string> {
  const workflowsPath = `${folder}/index${extension}`;
  const payloadConverterPath = `${folder}/payload-converter${extension}`;
  const { code } = await bundleWorkflowCode({
    ...options,
    workflowsPath,
    payloadConverterPath,
    // None of our modules keeps anything of a run: all runs of a worker share them, instead of each evaluating its own.
    preloadModules: [workflowsPath, payloadConverterPath],
  });
  return code;
}
