/**
 * Replays recorded agent runs through the gate: `npm run replay -- FILE [--json]`. Every run is a task on a real Temporal server; the
 * planner proposes the recorded calls, the tools answer as recorded, a scripted reviewer decides over HTTP.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Recording } from '../examples/airline/recording.js';
import { tools } from '../examples/airline/tools.js';
import type { SubmitRequest, TaskView } from '../src/contract/http.js';
import { CountersignError, ERRORS } from '../src/domain/errors.js';
import { visible } from '../src/domain/sanitise.js';
import type { CountersignClient } from '../src/sdk/client.js';
import { startHouse, type House } from './support/house.js';
import { built, packageRoot } from './support/paths.js';
import { readRuns, type RecordedRun } from './support/recorded-runs.js';
import { reportLines, reportOf, type Effect } from './support/replay-report.js';
import { answerKey, review } from './support/replay-reviewer.js';
import { scriptLine } from './support/script-line.js';
import { verifyJournals } from './support/verified.js';

/** How many runs are under way at once. */
const AT_ONCE = 16;
/** One for each desk of the policy. */
const REVIEWERS = ['noor', 'dana'];
const USAGE =
  'usage: npm run --silent replay -- FILE [--json]   (FILE: recorded runs, one JSON object a line)';

const tiers = new Map(tools.map((tool) => [tool.name, tool.tier]));
const effectLine = z.object({ key: z.string(), tool: z.string(), task: z.string(), operation: z.int() });

async function main(): Promise<number> {
  const line = scriptLine(USAGE, { files: 1, keep: false });
  if (line === undefined) return 0;
  const { json, files } = line;
  const [file = ''] = files;
  const runs = readRuns(readText(file));
  const house = await startHouse({
    policyFile: join(packageRoot, 'examples/airline/policy.yaml'),
    toolsFile: built('examples/airline/tools.js'),
    toolSettings: ({ dataDir }) => Promise.resolve(record(dataDir, runs)),
    log: complain,
  });
  try {
    const views = await replay(house, runs);
    const { report, deviations } = reportOf({
      runs,
      views,
      effects: readEffects(house),
      journals: await verifyJournals(house),
      wallSeconds: Math.round(performance.now() / 100) / 10, // since this process began
      tierOf: (tool) => tiers.get(tool) ?? 4,
    });
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${reportLines(report).join('\n')}\n`);
    for (const deviation of deviations.slice(0, 20)) complain(`not as it should be: ${deviation}`);
    return deviations.length === 0 ? 0 : ERRORS.internal.exit;
  } catch (error) {
    complain(house.lastWords());
    throw error;
  } finally {
    await house.stop();
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CountersignError('usage', `${file} cannot be read; ${USAGE}`);
  }
}

/** Writes what the tools answer from, and says where they count what they do. */
function record(dataDir: string, runs: readonly RecordedRun[]): Record<string, string> {
  const recording: Recording = Object.fromEntries(
    runs.map(({ task, calls }) => [task, calls.map(({ tool, result }) => ({ tool, result }))]),
  );
  const settings = {
    AIRLINE_RECORDING: join(dataDir, 'recording.json'),
    AIRLINE_EFFECTS: join(dataDir, 'effects.jsonl'),
  };
  writeFileSync(settings.AIRLINE_RECORDING, JSON.stringify(recording));
  writeFileSync(settings.AIRLINE_EFFECTS, '');
  return settings;
}

function readEffects({ toolSettings }: House): readonly Effect[] {
  const lines = readFileSync(toolSettings['AIRLINE_EFFECTS'] ?? '', 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => effectLine.parse(JSON.parse(line)));
}

async function replay(house: House, runs: readonly RecordedRun[]): Promise<ReadonlyMap<string, TaskView>> {
  const key = answerKey(runs);
  const closing = new AbortController();
  const reviewing = Promise.all(REVIEWERS.map((name) => review(house.as(name), key, closing.signal)));
  const views = new Map<string, TaskView>();
  const waiting = [...runs];
  const lane = async () => {
    for (let run = waiting.shift(); run !== undefined && !closing.signal.aborted; run = waiting.shift()) {
      views.set(run.task, await runTask(house.as('service'), run, closing.signal));
    }
  };
  const lanes = Promise.all(Array.from({ length: AT_ONCE }, lane));
  try {
    await Promise.race([lanes, reviewing]); // a reviewer ends first only by an error
  } finally {
    closing.abort();
    await Promise.allSettled([lanes, reviewing]);
  }
  return views;
}

async function runTask(client: CountersignClient, run: RecordedRun, stop: AbortSignal): Promise<TaskView> {
  await client.tasks.submit(requestOf(run)).catch((error: unknown) => {
    throw error instanceof CountersignError ? named(error, run) : error;
  });
  for (;;) {
    const { state } = await client.tasks.result(run.task, { waitSeconds: 20 });
    if (state === 'COMPLETED' || state === 'FAILED' || stop.aborted) return client.tasks.get(run.task);
  }
}

/** A run that the gate does not take, with its name and what is wrong with it. */
function named({ code, message, extra }: CountersignError, { task }: RecordedRun): CountersignError {
  const problems: readonly unknown[] = Array.isArray(extra['problems']) ? extra['problems'] : [];
  const places = problems.map((problem) => JSON.stringify(problem)).slice(0, 5);
  return new CountersignError(code, [`run ${task} cannot be submitted: ${message}`, ...places].join(' '));
}

/** The planner proposes the recorded calls in order, one a step, whatever became of the one before. */
function requestOf({ task, goal, calls }: RecordedRun): SubmitRequest {
  const steps = calls.map(({ tool, args }) => ({ calls: [{ tool, args }] }));
  const request = { task, agent: 'airline', goal, planner: { name: 'scripted', input: { steps } } };
  return request as unknown as SubmitRequest; // a task name is branded there; the gateway checks it
}

function complain(text: string): void {
  process.stderr.write(`${visible(text, { block: true })}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  complain(`replay: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CountersignError ? ERRORS[error.code].exit : ERRORS.internal.exit;
}
