let quiet: Promise<void> | undefined;

/** One runtime per process, and it must be installed before anything else makes the default one. */
export function quietRuntime(): Promise<void> {
  return (quiet ??= import('@temporalio/worker').then(({ DefaultLogger, Runtime }) => {
    const level = process.env['COUNTERSIGN_TEST_LOG'] === undefined ? 'ERROR' : 'INFO';
    Runtime.install({ logger: new DefaultLogger(level) });
  }));
}
