import type { SubmitRequest, TaskView } from '../../contract/http.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import { visible } from '../../domain/sanitise.js';
import { arg, flag, needed, REMOTE, text, usage, wholeNumber, type Command, type Input } from '../command.js';
import { readTextFile } from '../../text-file.js';
import { connect } from '../connect.js';
import { outage } from '../outage.js';
import { showResult, showTask, showTasks } from '../render/lists.js';
import type { Screen } from '../render/show-escalation.js';
import { TASK_ARGUMENT } from './arguments.js';

/** Exit codes of a task that came to nothing (refused by its course), and of one that is not there yet. */
const CAME_TO_NOTHING = 6;
const NOT_YET = 7;
/** What a call came to when somebody can build on it. */
const USABLE: readonly string[] = ['executed', 'answered', 'taken-over'];
const EXITS = '0 when the task completed, 6 when it failed or none of its calls came to anything';

/** A task completes also when its only call was rejected, denied or failed: a script that goes on after 0 must not go on then. */
function exitOf(state: TaskView['state'], outcomes: readonly (string | null)[]): number {
  if (state !== 'COMPLETED' && state !== 'FAILED') return NOT_YET;
  const usable = outcomes.length === 0 || outcomes.some((outcome) => USABLE.includes(outcome ?? ''));
  return state === 'COMPLETED' && usable ? 0 : CAME_TO_NOTHING;
}

export const submitCommand: Command = {
  meta: {
    name: 'submit',
    group: 'tasks',
    summary: 'start a task from a JSON file, or from a script',
    example: 'countersign submit refund.json',
    notes: [
      'A request: { "task": "refund-7", "agent": "support", "goal": "what is wanted, for the reviewer to read", "action": { "tool": "issue_refund", "args": { "order": 1182 } } }. In place of `action`: "planner": { "name": "scripted", "input": { "steps": [{ "calls": [{ "tool": "...", "args": {} }] }] } }; or { "name": "model", "input": { "system": "how to go about it" } } to have a model plan for the goal.',
      'A script, YAML or JSON: { steps: [{ calls: [{ tool: ..., args: {} }] }, { when: rejected, calls: [...] }] }. With it: --agent and --task, no FILE.',
    ],
  },
  args: [
    {
      name: 'FILE',
      help: 'the request as JSON: task, agent, and action or planner; - reads standard input',
      optional: true,
    },
  ],
  options: {
    script: { type: 'string', value: 'SCRIPT', help: 'propose what this file says, step by step' },
    task: { type: 'string', value: 'NAME', help: "the task's name, instead of the one in the file" },
    deadline: {
      type: 'string',
      value: 'TIME',
      help: 'when the work should be done, such as 2026-11-22T09:00:00Z',
    },
    agent: { type: 'string', value: 'AGENT', help: 'whose task it is, instead of the one in the file' },
    goal: { type: 'string', value: 'TEXT', help: 'what is wanted, for reviewers and the planner to read' },
    situation: { type: 'string', value: 'NAME', help: 'what kind of case it is, for the policy' },
    callback: { type: 'string', value: 'HOOK', help: 'the web hook to tell once the task is closed' },
    ...REMOTE,
  },
  async run(input) {
    const request = { ...(await readWork(input)), ...given(input), ...deadlineOf(input) };
    const answer = await connect(input).tasks.submit(request as SubmitRequest); // the gateway checks it and tells every problem
    if (flag(input, 'json')) return input.io.printJson(answer);
    input.io.print(
      answer.created
        ? `Task ${answer.task} was started. Next: countersign watch ${answer.task}`
        : `Task ${answer.task} was there already: ${answer.state}.`,
    );
  },
};

/** A time without its zone would be another one on another machine. */
function deadlineOf(input: Input): { deadline?: number } {
  const given = text(input, 'deadline');
  if (given === undefined) return {};
  const deadline = /T.*(Z|[+-]\d\d:\d\d)$/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isFinite(deadline)) return { deadline };
  throw usage(input.command, `--deadline ${given} is not a time with its zone, such as 2026-11-22T09:00:00Z`);
}

/** What the options say of the task; it stands before what the file says. */
function given(input: Input): object {
  const names = ['task', 'agent', 'goal', 'situation', 'callback'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (text(input, name) === undefined ? [] : [[name, text(input, name)]])),
  );
}

async function readWork(input: Input): Promise<object> {
  const script = text(input, 'script');
  if (script === undefined) {
    if (input.args.length > 0) return readRequest(input);
    throw usage(input.command, 'FILE is missing (the request as JSON), or --script with --agent and --task');
  }
  if (input.args.length > 0) throw usage(input.command, '--script takes the place of FILE: give one of them');
  needed(input, 'task');
  needed(input, 'agent');
  const { readScriptFile } = await import('../../read-script.js');
  return { planner: { name: 'scripted', input: readScriptFile(script) } };
}

async function readRequest(input: Input): Promise<object> {
  const path = arg(input, 0);
  const json = parseStrictJson(
    path === '-' ? await input.io.readInput() : readTextFile(path, 'Name the file with the request.'),
  );
  if ('value' in json && typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value))
    return json.value;
  const problems =
    'problems' in json
      ? json.problems.map(({ path: place, message }) => `${place}: ${message}`).join('; ')
      : 'it is not an object';
  throw usage(input.command, `${path === '-' ? 'standard input' : path} is not a request: ${problems}`);
}

export const statusCommand: Command = {
  meta: { name: 'status', group: 'tasks', summary: 'show one task: state, what it waits for, what it did' },
  args: [TASK_ARGUMENT],
  options: REMOTE,
  async run(input) {
    const view = await connect(input).tasks.get(arg(input, 0));
    if (flag(input, 'json')) return input.io.printJson(view);
    input.io.print(showTask(view, screenOf(input)));
  },
};

export const watchCommand: Command = {
  meta: {
    name: 'watch',
    group: 'tasks',
    summary: 'show a task whenever it changes, until it ends',
    notes: [`Ends with ${EXITS}. With --json each change is one line.`],
  },
  args: [TASK_ARGUMENT],
  options: REMOTE,
  async run(input) {
    const client = connect(input);
    const away = outage(input.io);
    let last = '';
    for (; ; await input.io.sleep(500)) {
      const view = await client.tasks.get(arg(input, 0)).catch(away.bear);
      if (view === undefined) continue;
      away.over();
      const print = fingerprint(view);
      if (print !== last) show(input, view, last !== '');
      last = print;
      if (view.closedAt !== null)
        return exitOf(
          view.state,
          view.operations.map(({ outcome }) => outcome),
        );
    }
  },
};

function fingerprint(view: TaskView): string {
  return JSON.stringify([view.state, view.waitsFor, view.operations]);
}

function show(input: Input, view: TaskView, again: boolean): void {
  if (flag(input, 'json')) return input.io.printJsonLine(view);
  input.io.print([...(again ? [''] : []), ...showTask(view, screenOf(input))]);
}

/** Eleven days: longer than the ladders of most questions. */
const LONGEST_WAIT = '999999';

export const resultCommand: Command = {
  meta: {
    name: 'result',
    group: 'tasks',
    summary: 'print what a task and its calls came to',
    notes: [`Ends with ${EXITS}, 7 while it runs.`],
  },
  args: [TASK_ARGUMENT],
  options: {
    wait: {
      type: 'string',
      value: '[SECONDS]',
      bare: LONGEST_WAIT,
      help: 'wait for the end, or so many seconds for it',
    },
    ...REMOTE,
  },
  async run(input) {
    const result = await waited(input, secondsOf(input));
    if (flag(input, 'json')) input.io.printJson(result);
    else input.io.print(showResult(result, screenOf(input)));
    return exitOf(
      result.state,
      result.results.map(({ outcome }) => outcome),
    );
  },
};

async function waited(input: Input, seconds: number) {
  const client = connect(input);
  const until = input.io.now() + seconds * 1_000;
  const away = outage(input.io);
  for (;;) {
    const waitSeconds = Math.max(0, Math.min(60, Math.ceil((until - input.io.now()) / 1_000)));
    const asked = client.tasks.result(arg(input, 0), { waitSeconds });
    const result = await (waitSeconds === 0 ? asked : asked.catch(away.bear));
    if (result === undefined) {
      await input.io.sleep(500);
      continue;
    }
    away.over();
    if (result.state === 'COMPLETED' || result.state === 'FAILED' || input.io.now() >= until) return result;
  }
}

function secondsOf(input: Input): number {
  return wholeNumber(input, 'wait', { min: 0, max: Number(LONGEST_WAIT) }) ?? 0;
}

export const cancelCommand: Command = {
  meta: { name: 'cancel', group: 'tasks', summary: 'end a task: nothing more of it starts' },
  args: [TASK_ARGUMENT],
  options: { why: { type: 'string', value: 'TEXT', help: 'the reason; required' }, ...REMOTE },
  async run(input) {
    const answer = await connect(input).tasks.cancel(arg(input, 0), { why: needed(input, 'why') });
    if (flag(input, 'json')) return input.io.printJson(answer);
    input.io.print(`Task ${visible(answer.task)} is being cancelled.`);
  },
};

export const tasksCommand: Command = {
  meta: { name: 'tasks', group: 'tasks', summary: 'list tasks, newest first' },
  args: [],
  options: {
    state: { type: 'string', value: 'STATE', help: 'only those in this state, such as PAUSED_PENDING_HUMAN' },
    agent: { type: 'string', value: 'AGENT', help: 'only those of this agent' },
    limit: { type: 'string', value: 'N', help: 'how many; default 50, at most 200' },
    cursor: { type: 'string', value: 'NEXT', help: 'go on where a page ended' },
    ...REMOTE,
  },
  async run(input) {
    const page = await connect(input).tasks.list({
      state: text(input, 'state'),
      agent: text(input, 'agent'),
      cursor: text(input, 'cursor'),
      limit: limitOf(input),
    });
    if (flag(input, 'json')) return input.io.printJson(page);
    input.io.print([...showTasks(page.tasks, screenOf(input)), ...nextLine(page.next)]);
  },
};

/** `--limit` as a number. Throws `usage`. */
export function limitOf(input: Input): number | undefined {
  return wholeNumber(input, 'limit', { min: 1, max: 200 });
}

/** How to go on when a page was not all. */
export function nextLine(next: string | null): string[] {
  return next === null ? [] : ['', `There is more: --cursor ${next}`];
}

/** The screen a command prints on. */
export function screenOf(input: Input): Screen {
  const { width, zone } = input.io;
  const subject = text(input, 'as');
  return { width, now: input.io.now(), zone, as: subject === undefined ? '' : ` --as ${subject}` };
}
