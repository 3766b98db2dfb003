import type { PolicyCase } from '../contract/case-file.js';
import { durationText, parseDuration } from '../contract/duration.js';
import type { PlayEntry } from '../contract/play-entry.js';
import type { Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import type { CaseTools } from './case-table.js';
import { judgeInputOf } from './judge-case.js';
import { playCall } from './play-call.js';
import { playingOf } from './play-given.js';
import { inTurn } from './play-people.js';
import type { Played, PlayedStep, StepEnd } from './play-state.js';
import type { Policy } from './policy.js';
import { type Unmet, unequal } from './unmet.js';

/** One row of `plays`, played: what became of the call. */
export interface PlayedRow extends Played {
  readonly row: PlayEntry;
  /** The arguments that it ran with last; null = it never ran. */
  readonly ran: Json;
  /** How many answers nobody was asked for. */
  readonly unheard: number;
}

/** Plays every row of a case. No tool is called: each call is taken to happen, except one that the row calls lost. */
export function runPlays(policy: Policy, given: PolicyCase, tools: CaseTools): readonly PlayedRow[] {
  return (given.plays ?? []).map((row) => playRow(policy, given, { tools, row }));
}

/** What a row expected and did not get; `play 2: outcome` names the second row of its case. */
export function unmetByPlays(played: readonly PlayedRow[]): readonly Unmet[] {
  return played.flatMap(({ row: { expect }, ...got }, index) => {
    const what = (name: string) => `play ${index + 1}: ${name}`;
    const laterMs = expect.later === undefined ? undefined : parseDuration(expect.later);
    return [
      ...unequal(what('answers that nobody asked for'), 0, got.unheard),
      ...unequal(what('outcome'), expect.outcome, got.outcome),
      ...unequal(what('ran'), expect.ran, got.ran),
      ...unequal(what('result'), expect.result, got.result),
      ...unequal(what('told'), expect.told, got.told),
      ...unequal(
        what('asked'),
        expect.asked,
        got.questions.map(({ role }) => role),
      ),
      ...unequal(what('later'), laterMs === undefined ? undefined : durationText(laterMs), later(got)),
      ...unequal(
        what('refused'),
        expect.refused,
        got.refused.map(({ code }) => code),
      ),
    ];
  });
}

function playRow(
  policy: Policy,
  { name: _name, expect: _expect, plays: _plays, ...call }: PolicyCase,
  { tools, row }: { readonly tools: CaseTools; readonly row: PlayEntry },
): PlayedRow {
  let { now } = judgeInputOf(policy, call, tools);
  const clock = { now: () => now, advance: (ms: number) => void (now += ms) };
  const left = [...row.said];
  const playing = playingOf({ policy, call, tools, clock, review: inTurn(left) });
  const course = playCall(playing);
  let ran: Json = null;
  let [lost, step] = [row.lost === true, course.next()];
  while (step.done !== true) {
    const end = pretend(step.value, { tool: playing.tool, known: tools === null, lost });
    if (step.value.do === 'run' && end.kind !== 'failed') ran = step.value.args;
    lost = false;
    step = course.next(end);
  }
  return { ...step.value, row, ran, unheard: left.length };
}

/** What would come of a call that nobody makes. */
function pretend(
  { args }: PlayedStep,
  { tool, known, lost }: { readonly tool: Tool | undefined; readonly known: boolean; readonly lost: boolean },
): StepEnd {
  if (!known && (tool === undefined || !('args' in tool.normaliseArgs(args)))) return { kind: 'failed' };
  return lost ? { kind: 'unknown' } : { kind: 'done', result: null };
}

function later({ movedMs }: Played): string {
  return durationText(movedMs);
}
