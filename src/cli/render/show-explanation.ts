import { durationText } from '../../contract/duration.js';
import type { Fired } from '../../domain/verdict.js';
import { visible } from '../../domain/sanitise.js';
import type { ExplainedCall } from '../../policy-files.js';
import { wrapHanging } from './layout.js';

/** Why a call gets its level, who is asked, and what would change it. */
export function showExplanation(made: ExplainedCall, width: number): string[] {
  const { tool, agent, level, tier, policy } = made;
  const lines = [
    `${tool} by ${agent}: ${level} (tier ${tier}, policy ${policy.version})`,
    ...section(
      'because',
      made.because.map(({ fired }) => sentence(fired)),
    ),
    ...section(
      'asks for less',
      made.also.map((fired) => `${fired.level}: ${sentence(fired)}`),
    ),
    ...asked(made),
    ...section('what would change it', [
      ...made.because.flatMap(changeLines),
      ...(made.because.length === 0 ? [] : [`without all of these: ${made.without}`]),
    ]),
  ];
  return lines.flatMap((line) => wrapHanging(visible(line), width));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** `low-confidence (confidence): readings.confidence is 0.61`. */
function sentence({ rule, trigger, values, tag, error }: Fired): string {
  const told = Object.entries(values).map(([name, value]) => `${name} is ${JSON.stringify(value)}`);
  return [
    `${rule} (${trigger})${told.length === 0 ? '' : `: ${told.join(', ')}`}`,
    ...(error === undefined ? [] : [`could not be evaluated, so it asks: ${error}`]),
    ...(tag === undefined ? [] : [`tagged "${tag}"`]),
  ].join('; ');
}

function asked({ asked: rungs, quorum, silence, told }: ExplainedCall): readonly string[] {
  const lines = rungs.map(({ role, members, ttlMs, remindAfterMs }, at) => {
    const reminder = remindAfterMs === null ? '' : `, reminded after ${durationText(remindAfterMs)}`;
    return `${at + 1}. ${role} (${members.join(', ')}) for ${durationText(ttlMs)}${reminder}`;
  });
  return [
    ...section('who is asked', [
      ...lines,
      ...(quorum === 1 ? [] : [`${quorum} different people must approve`]),
      ...(silence === null ? [] : [`nobody answers: ${silence}`]),
    ]),
    ...section('who is told', told === null ? [] : [told]),
  ];
}

function changeLines({ fired, waysOut, instead }: ExplainedCall['because'][number]): readonly string[] {
  if (waysOut.length === 0) return [`${fired.rule}: ${instead}`];
  return waysOut.map(({ changes, after, because }) => {
    const told = changes.map(
      ({ variable, from, to }) => `${variable} ${JSON.stringify(from)} -> ${number(to)}`,
    );
    const why = because.length === 0 ? '' : ` (${because.join(', ')})`;
    return `${fired.rule}: ${told.join(' and ')}; then ${after}${why}`;
  });
}

/** The next number beside a bound that is no whole one is told by the bound. */
function number(value: unknown): string {
  const bound = typeof value === 'number' ? Number(value.toPrecision(9)) : value;
  if (typeof value !== 'number' || typeof bound !== 'number' || bound === value) return JSON.stringify(value);
  return `just ${value > bound ? 'above' : 'below'} ${bound}`;
}
