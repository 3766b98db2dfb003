/** What may be told of a failure: its kind and where it came from. Its message may quote what was sent. */
export function failureFacts(error: unknown): { readonly error: string; readonly frames: string } {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: error instanceof Error ? error.name : 'unknown',
    frames: frames.slice(0, 8).join(' <'),
  };
}
