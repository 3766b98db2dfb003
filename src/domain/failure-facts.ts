/** What an error is called: its code, as of a connection or of Postgres, else its class. Its message may quote what was sent. */
export function faultName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : error.name;
}

/** What may be told of a failure: its name and where it came from. */
export function failureFacts(error: unknown): { readonly error: string; readonly frames: string } {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: faultName(error),
    frames: frames.slice(0, 8).join(' <'),
  };
}
