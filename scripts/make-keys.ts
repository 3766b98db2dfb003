/** Makes the keys of an installation: make-keys SIGNING_FOLDER SHARED_FOLDER. Keys that exist are kept. */
import { makeKeyFiles } from '../src/dev/key-files.js';

const [signingDir, sharedDir] = process.argv.slice(2);
if (signingDir === undefined || sharedDir === undefined) {
  process.stderr.write('usage: make-keys SIGNING_FOLDER SHARED_FOLDER\n');
  process.exitCode = 2;
} else {
  makeKeyFiles({ signingDir, sharedDir });
}
