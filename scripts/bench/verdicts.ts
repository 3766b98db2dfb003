import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTool } from 'countersign';
import { tickets } from '../../examples/support/tickets.js';
import * as exported from '../../examples/support/tools.js';
import { NOTHING_DETECTED } from '../../src/contract/readings.js';
import { toolFacts } from '../../src/contract/tool.js';
import type { Json } from '../../src/domain/action.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import { TRIGGERS } from '../../src/domain/verdict.js';
import type { JudgeInput } from '../../src/policy/case.js';
import { judge } from '../../src/policy/judge.js';
import { loadPolicy } from '../../src/policy/load.js';
import type { Policy } from '../../src/policy/policy.js';
import { packageRoot } from '../support/paths.js';
import { percentile } from './figures.js';

/** As many as a grown policy has. */
const RULES = 30;
const NOW = Date.UTC(2026, 10, 21, 12);
const ROUNDS = 7;
const ROUND_MS = 1_000;

/** How many verdicts one core gives in a second: counted by CPU time of the whole process, so that neighbours do not count. */
export interface VerdictFigures {
  readonly rules: number;
  readonly cases: number;
  /** The median of seven rounds of a second, after one that is not counted. */
  readonly perSecond: number;
  readonly slowest: number;
  readonly fastest: number;
}

/** Judges the calls of the support example, one after the other on this thread, under its policy grown to thirty rules. */
export function measureVerdicts(): VerdictFigures {
  const policy = grownPolicy();
  const cases = casesUnder(policy);
  const rounds = Array.from({ length: ROUNDS + 1 }, () => round(cases)).slice(1);
  return {
    rules: policy.rules.length,
    cases: cases.length,
    perSecond: Math.round(percentile(rounds, 50)),
    slowest: Math.round(Math.min(...rounds)),
    fastest: Math.round(Math.max(...rounds)),
  };
}

function round(cases: readonly JudgeInput[]): number {
  const started = process.cpuUsage();
  let verdicts = 0;
  let spent = 0;
  while (spent < ROUND_MS) {
    for (const each of cases) judge(each);
    verdicts += cases.length;
    const { user, system } = process.cpuUsage(started);
    spent = (user + system) / 1_000;
  }
  return (verdicts * 1_000) / spent;
}

/** Conditions as teams write them; each is used with several figures. */
const CONDITIONS: readonly ((figure: number) => string)[] = [
  (figure) => `readings.confidence < 0.${figure}`,
  (figure) => `action.money.currency == 'EUR' && action.money.minor > ${figure}000`,
  (figure) => `has(action.args.body) && action.args.body.lowerAscii().contains('lawyer ${figure}')`,
  (figure) => `action.recipients.exists(to, to.endsWith('@rival${figure}.example'))`,
  (figure) => `history.failed > ${figure} && task.situation in ['refund', 'goodwill']`,
  (figure) => `action.tool.startsWith('delete_${figure}') || action.environment == 'production-${figure}'`,
];

function grownPolicy(): Policy {
  const source = readFileSync(join(packageRoot, 'examples/support/policy.yaml'), 'utf8');
  const own = loadPolicy(source);
  const missing = 'policy' in own ? Math.max(0, RULES - own.policy.rules.length) : 0;
  const rules = Array.from({ length: missing }, (_, index) => {
    const when = CONDITIONS[index % CONDITIONS.length]?.(10 + index) ?? 'false';
    const trigger = TRIGGERS[index % TRIGGERS.length];
    return `  - ${JSON.stringify({ id: `bench-${index}`, trigger, when, level: index % 2 ? 'approve' : 'notify' })}\n`;
  });
  const loaded = loadPolicy(source.replace('\nrules:\n', `\nrules:\n${rules.join('')}`));
  if (!('policy' in loaded)) throw new Error(loaded.problems.map(({ what }) => what).join('; '));
  return loaded.policy;
}

function casesUnder(policy: Policy): readonly JudgeInput[] {
  const tools = new Map(
    Object.values(exported)
      .filter(isTool)
      .map((tool) => [tool.name, tool]),
  );
  return Object.values(tickets).flatMap((ticket) => {
    const { steps } = ticket.planner.input as { steps: { calls: { tool: string; args: Json }[] }[] }; // as `scripted` writes it
    const task = {
      tenant: 'bench' as TenantId, // a name
      task: ticket.task as TaskId, // a name
      agent: ticket.agent,
      requester: 'ada',
      situation: ticket.situation,
    };
    return steps.flatMap(({ calls }) =>
      calls.map(({ tool: name, args }): JudgeInput => {
        const tool = tools.get(name);
        const parsed = tool?.parseArgs(args);
        const impact = tool && parsed && 'args' in parsed ? tool.impact(parsed.args) : {};
        return {
          policy,
          facts: tool ? toolFacts(tool) : null,
          action: { tool: name, args, impact, readings: ticket.readings },
          task,
          detected: NOTHING_DETECTED,
          counters: {},
          history: { executed: 12, rejected: 1, failed: 0 },
          now: NOW,
        };
      }),
    );
  });
}
