/**
 * Has the servers of the tests in the cache before a test waits for one: building the first can take minutes. One that is nowhere is named
 * here, and fails the tests that need it, not the others.
 */
import { loadDevConfig } from '../src/config.js';
import { StackError } from '../src/dev/errors.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { findTestServer } from '../src/dev/test-server.js';

const say = (line: string) => process.stderr.write(`${line}\n`);
const search = { ...loadDevConfig().search, log: say };
for (const find of [findTemporalCli, findTestServer]) {
  try {
    await find(search);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    say(error.message);
  }
}
