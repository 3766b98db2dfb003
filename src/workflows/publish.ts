import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { State } from '../domain/escalation.js';
import { mostUrgent, questionOf } from '../domain/task.js';
import { toolLabel } from '../domain/tool-name.js';
import { details } from './details.js';
import type { TaskRun } from './task-run.js';

const STATE = defineSearchAttributeKey('CountersignState', 'KEYWORD');
const ROLE = defineSearchAttributeKey('CountersignRole', 'KEYWORD');
const TIER = defineSearchAttributeKey('CountersignTier', 'KEYWORD');
const TOOL = defineSearchAttributeKey('CountersignTool', 'KEYWORD');
const DEADLINE = defineSearchAttributeKey('CountersignDeadline', 'DATETIME');

const LASTING: readonly State[] = ['RUNNING', 'PAUSED_PENDING_HUMAN', 'COMPLETED', 'FAILED'];

/** Shows the state in Temporal's lists and pages. Writes one history event per change of what lasts, none otherwise. */
export function publish(task: TaskRun): void {
  setCurrentDetails(details(task.view()));
  const { state } = task;
  if (!LASTING.includes(state)) return;
  const changes = attributes(task, state).filter(isChange);
  if (changes.length > 0) upsertSearchAttributes(changes);
}

function attributes(task: TaskRun, state: State): SearchAttributeUpdatePair[] {
  const waiting = state === 'PAUSED_PENDING_HUMAN' ? mostUrgent(task.branches) : undefined;
  const question = waiting === undefined ? null : questionOf(waiting);
  const deadline = question?.answerBy ?? null;
  return [
    { key: STATE, value: state },
    { key: ROLE, value: question === null || question.role === '' ? null : question.role },
    { key: TIER, value: waiting === undefined ? null : String(waiting.tier) },
    { key: TOOL, value: waiting === undefined ? null : toolLabel(waiting.tool) },
    { key: DEADLINE, value: deadline === null ? null : new Date(deadline) },
  ];
}

function isChange({ key, value }: SearchAttributeUpdatePair): boolean {
  const current = workflowInfo().typedSearchAttributes.get(key);
  return comparable(current) !== comparable(value);
}

function comparable(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : (value ?? null);
}
