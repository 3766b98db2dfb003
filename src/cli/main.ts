#!/usr/bin/env node
import { processIo } from './io.js';
import { runCli } from './run-cli.js';

const line = process.argv.slice(2);

/** What serves goes on when nobody reads it any more; what only tells has nothing left to do. */
const SERVES = new Set(['dev', 'worker', 'gateway']);
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (SERVES.has(line[0] ?? '')) return;
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });

const code = await runCli(line, processIo());
// A pipe takes what was printed later than `write` returns: whoever reads slowly gets all of it.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((written) => stream.write('', () => written()));
process.exit(code);
