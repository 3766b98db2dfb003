/**
 * The SDK takes a stack of every promise that a run makes, through source maps, for the query `__stack_trace` alone: more than a third of what the
 * thread of the workflows did. Of three frames one or two are the SDK's own; what is left says where the promise was made, and all three
 * of an error's where it was thrown and from where that was called. See docs/decisions/029-short-stacks.md.
 */
Error.stackTraceLimit = 3;
