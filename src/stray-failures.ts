import { failureFacts } from './domain/failure-facts.js';

/**
 * Tells of a promise that fails and that nobody holds, and goes on: it is a defect, perhaps of a tool, and Node would end the process, with every
 * request and every call under way.
 */
export function outliveStrayFailures(tell: (facts: ReturnType<typeof failureFacts>) => void): void {
  process.on('unhandledRejection', (error) => tell(failureFacts(error)));
}
