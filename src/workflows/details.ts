import type { Escalation } from '../domain/escalation.js';
import { questionOf } from '../domain/task.js';
import { isClosed } from '../domain/decide.js';
import { toolLabel } from '../domain/tool-name.js';
import type { TaskView } from './messages.js';

const MAX_ROWS = 20;

/** What Temporal's page of a run shows, in Markdown: states, tools, tiers and deadlines; no arguments, nobody's words. */
export function details(view: TaskView): string {
  const open = view.branches.filter((branch) => !isClosed(branch));
  const lines = [`**${view.state}** since ${utc(view.since)}`];
  if (open.length > 0)
    lines.push(
      '',
      '| operation | tool | tier | state | waits for | until |',
      '|---|---|---|---|---|---|',
      ...open.slice(0, MAX_ROWS).map(row),
    );
  if (open.length > MAX_ROWS) lines.push('', `and ${open.length - MAX_ROWS} more`);
  return lines.join('\n');
}

function row(branch: Escalation): string {
  const deadline = questionOf(branch)?.answerBy ?? null;
  return `| ${branch.operation} | ${toolLabel(branch.tool)} | ${branch.tier} | ${branch.status} | ${waitsFor(branch)} | ${deadline === null ? '' : utc(deadline)} |`;
}

function waitsFor(branch: Escalation): string {
  switch (branch.status) {
    case 'JUDGED':
      return branch.queued ? 'a place on the desk' : 'the policy';
    case 'PAUSED_PENDING_HUMAN':
      return branch.halt === null ? branch.question.role : `lifting of halt ${branch.halt}`;
    case 'HUMAN_RESPONDED':
      return 'verification';
    case 'TIMED_OUT':
      return 'the next role';
    case 'RESUMING':
      return 'the call';
    case 'SETTLED':
    case 'FAILED':
      return '';
  }
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
