const MINUTE_MS = 60_000;

/** The longest `timeout` of a tool. */
export const LONGEST_CALL_MS = 10 * MINUTE_MS;

/** How long the result is tried to be recorded while the store does not answer. */
export const PERSIST_MS = 8 * MINUTE_MS;

/**
 * Start-to-close of `execute`. One attempt is one claim, its drift check of a few seconds and its call, whose time together ends at
 * `callBy`, and then the recording; the rest is for a last statement that hangs until its own time-out, and for the answer. So `callBy`
 * always lies before it, and a result that is known is not given up while its activity still counts.
 */
export const EXECUTE_MS = LONGEST_CALL_MS + PERSIST_MS + 2 * MINUTE_MS;
