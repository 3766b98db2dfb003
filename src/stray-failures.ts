import { failureFacts } from './domain/failure-facts.js';

/**
 * Tells where something failed that nobody waits for, without its words, which may quote what was sent. A promise that fails is a defect, perhaps
 * of a tool, and the process goes on: Node would end it, with every request and every call under way. What is thrown in a callback may have
 * left anything half done, so it ends the process with 1, at once: what is stored goes on in the next one, and Node would print the words.
 */
export function tellStrayFailures(tell: (facts: ReturnType<typeof failureFacts>) => void): void {
  process.on('unhandledRejection', (error) => tell(failureFacts(error)));
  process.on('uncaughtException', (error) => {
    tell(failureFacts(error));
    process.exit(1);
  });
}
