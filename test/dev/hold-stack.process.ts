/** Runs a stack in the folder named as argument until killed; prints its addresses. A process of its own for tests. */
import { loadDevConfig } from '../../src/config.js';
import { startStack } from '../../src/dev/stack.js';

const { search } = loadDevConfig();
const { databaseUrl } = await startStack({ dataDir: process.argv[2] ?? '', search, durable: false });
process.stdout.write(`${JSON.stringify({ databaseUrl })}\n`);
