#!/usr/bin/env node
import { processIo } from './io.js';
import { runCli } from './run-cli.js';

process.exit(await runCli(process.argv.slice(2), processIo()));
