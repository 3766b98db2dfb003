import { isOpen } from '../../contract/question-rules.js';
import type { HaltView, InboxItem, ResultView, TaskPage, TaskView } from '../../contract/http.js';
import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import { columns, cut, labelled, table, wrap, wrapHanging } from './layout.js';
import type { Screen } from './show-escalation.js';

/** The inbox in the order of the gateway, most pressing first: a line each where there is room for what it is about, else two. */
export function showInbox(items: readonly InboxItem[], screen: Screen, closed = false): string[] {
  if (items.length === 0) return [closed ? 'There is nothing here.' : 'Nothing waits for you.'];
  const marked = items.some((item) => item.flags.length > 0) ? '[!] look twice. ' : '';
  const next = `countersign show ${visible(items[0]?.escalation ?? '')}${visible(screen.as ?? '')}`;
  const rows = items.map((item) => [...placeOf(item, screen.now), what(item)]);
  const narrow =
    Math.max(...rows.map((row) => columns(row.slice(0, -1).join('  ')))) > screen.width - LEAST_OF_WHAT;
  const lines = narrow
    ? items.flatMap((item) => twoLines(item, screen))
    : table(['QUESTION', 'TIER', items.every(isOpen) ? 'DUE' : 'STATE', 'ROLE', 'WHAT'], rows, screen.width);
  const inOne = `${marked}Next: ${next}`;
  return [...lines, '', ...(columns(inOne) <= screen.width ? [inOne] : [`${marked}Next:`, `  ${next}`])];
}

/** A question in two lines: where it lies, and what it is about. Nothing of its id is left out. */
export function twoLines(item: InboxItem, { width, now }: Screen): string[] {
  return [...wrapHanging(placeOf(item, now).join('  '), width), cut(`  ${what(item)}`, width)];
}

/** So much of a proposal tells which one it is. */
const LEAST_OF_WHAT = 32;

function placeOf(item: InboxItem, now: number): string[] {
  return [
    visible(item.escalation),
    `T${item.tier}`,
    isOpen(item) ? due(item.answerBy, now) : visible(item.state),
    visible(item.role),
  ];
}

function what(item: InboxItem): string {
  const marks = [
    item.kind === 'approval' ? '' : `[${item.kind}]`,
    item.flags.length === 0 ? '' : '[!]',
    item.quorum > 1 ? `[${item.quorum} people]` : '',
    item.claimedBy === null ? '' : `[${visible(item.claimedBy)} looks into it]`,
  ].filter((mark) => mark !== '');
  return [...marks, visible(item.proposal)].join(' ');
}

/** How long is left, in one short word. */
export function due(answerBy: number | null, now: number): string {
  if (answerBy === null) return 'none';
  const seconds = Math.floor((answerBy - now) / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (seconds < 0) return 'over';
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 120) return `${minutes}min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1_440)}d`;
}

/** The list of tasks, newest first. */
export function showTasks(tasks: TaskPage['tasks'], screen: Screen): string[] {
  if (tasks.length === 0) return ['No tasks.'];
  const rows = tasks.map((task) => [
    visible(task.task),
    task.state,
    visible(task.agent),
    new Date(task.submittedAt).toISOString().slice(0, 16),
    visible(task.reason ?? ''),
  ]);
  return table(['TASK', 'STATE', 'AGENT', 'SUBMITTED (UTC)', 'REASON'], rows, screen.width);
}

/** One task: state, what it waits for, and the history of its actions. */
export function showTask(view: TaskView, screen: Screen): string[] {
  const time = (at: number) => showTime(at, screen.now, screen.zone);
  const line = (label: string, text: string) => labelled(label, visible(text), screen.width);
  const ended = view.reason === null ? '' : ` (${view.reason}${view.detail ? `: ${view.detail}` : ''})`;
  const waits = view.waitsFor.map(
    (wait) =>
      `${wait.escalation}: ${wait.role}, ${wait.answerBy === null ? 'without deadline' : `by ${time(wait.answerBy)}`}`,
  );
  const rows = view.operations.map((call) => [
    `${call.operation}.${call.generation}`,
    visible(call.tool),
    call.tier === null ? '-' : `T${call.tier}`,
    call.status,
    visible(call.outcome ?? ''),
  ]);
  return [
    ...line('Task', `${view.task} of agent ${view.agent}, for ${view.requester}`),
    ...line('State', `${view.state}${ended}, since ${time(view.since)}`),
    ...(view.goal === null ? [] : line('Goal', view.goal)),
    ...(view.deadline === null ? [] : line('Deadline', time(view.deadline))),
    ...(view.halt === null ? [] : line('Halted by', `${view.halt}; nothing goes on before it is lifted`)),
    ...waits.flatMap((wait) => line('Waits for', wait)),
    ...(rows.length === 0
      ? []
      : ['', ...table(['CALL', 'TOOL', 'TIER', 'STATUS', 'OUTCOME'], rows, screen.width)]),
  ];
}

/** What a task and its calls came to. */
export function showResult(result: ResultView, screen: Screen): string[] {
  const calls = result.results.flatMap((call) =>
    wrap(
      visible(
        `${call.operation}.${call.generation} ${call.tool}: ${call.outcome}${call.result === null ? '' : ` ${JSON.stringify(call.result)}`}`,
      ),
      screen.width,
      '  ',
    ),
  );
  return [
    visible(`${result.task}: ${result.state}${result.reason === null ? '' : ` (${result.reason})`}`),
    ...calls,
  ];
}

/** Halts, newest first. */
export function showHalts(halts: readonly HaltView[], screen: Screen): string[] {
  if (halts.length === 0) return ['No halt is in force.'];
  return halts.flatMap((halt) => {
    const state =
      halt.lifted === null
        ? 'in force'
        : `lifted by ${halt.lifted.by}, ${showTime(halt.lifted.at, screen.now, screen.zone)}`;
    const over = [halt.scope, halt.target ?? ''].join(' ').trim();
    return [
      visible(halt.halt),
      ...wrap(
        visible(
          `${over}, set by ${halt.by}, ${showTime(halt.at, screen.now, screen.zone)}, ${state}: ${halt.why}`,
        ),
        screen.width,
        '  ',
      ),
    ];
  });
}
