import type { ToolFacts } from '../domain/action.js';
import type { Draft } from './draft.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Finding, Path } from './problem.js';
import { toolFindings } from './tool-findings.js';

/** Names that point nowhere, ids that stand twice, and what does not fit the registered tools. */
export function referenceFindings(draft: Draft, facts: readonly ToolFacts[] | null): Finding[] {
  return [
    ...roleUses(draft).flatMap(([path, role]) =>
      draft.roles.has(role) || draft.roles.size === 0 ? [] : [unknownRole(path, role, draft)],
    ),
    ...ladderUses(draft).flatMap(([path, ladder]) =>
      knowsLadder(draft, ladder) ? [] : [unknownLadder(path, ladder, draft)],
    ),
    ...repeated([...draft.rules].map(([index, rule]) => [['rules', index, 'id'], rule.id ?? ''])),
    ...repeated([...(draft.limits ?? [])].map(([index, limit]) => [['limits', index, 'id'], limit.id ?? ''])),
    ...(facts === null ? [] : toolFindings(draft, facts)),
  ];
}

type Use = readonly [Path, string];

function use(path: Path, value: string | undefined): Use[] {
  return value === undefined ? [] : [[path, value]];
}

function roleUses(draft: Draft): Use[] {
  return [
    ...[...draft.agents].flatMap(([name, agent]) => use(['agents', name, 'owner'], agent.owner)),
    ...[...draft.roles].flatMap(([name, role]) => [
      ...use(['roles', name, 'backup'], role.backup),
      ...use(['roles', name, 'owner'], role.owner),
    ]),
    ...askers(draft).flatMap(([path, asker]) => use([...path, 'route'], asker.route)),
    ...(draft.halts.set ?? []).map((role, index): Use => [['halts', 'set', index], role]),
    ...(draft.halts.lift ?? []).map((role, index): Use => [['halts', 'lift', index], role]),
    ...(draft.anomalies.close ?? []).map((role, index): Use => [['anomalies', 'close', index], role]),
  ];
}

function ladderUses(draft: Draft): Use[] {
  return askers(draft).flatMap(([path, asker]) => use([...path, 'ladder'], asker.ladder));
}

interface Asker {
  readonly route?: string | undefined;
  readonly ladder?: string | undefined;
}

function askers(draft: Draft): (readonly [Path, Asker])[] {
  return [
    ...[...draft.rules].map(([index, rule]): [Path, Asker] => [['rules', index], rule]),
    ...[...draft.tools].map(([name, tool]): [Path, Asker] => [['tools', name], tool]),
    ...[...draft.alwaysAsk].map(([name, category]): [Path, Asker] => [['always_ask', name], category ?? {}]),
    [['defaults'], draft.defaults],
  ];
}

function knowsLadder(draft: Draft, ladder: string): boolean {
  return draft.ladders.has(ladder) || BUILT_IN_LADDERS.has(ladder);
}

function unknownRole(path: Path, role: string, draft: Draft): Finding {
  return {
    path,
    what: `no role \`${role}\``,
    todo: `declare it under roles, or use one of: ${[...draft.roles.keys()].join(', ')}`,
  };
}

function unknownLadder(path: Path, ladder: string, draft: Draft): Finding {
  const known = [...new Set([...draft.ladders.keys(), ...BUILT_IN_LADDERS.keys()])];
  return {
    path,
    what: `no ladder \`${ladder}\``,
    todo: `declare it under ladders, or use one of: ${known.join(', ')}`,
  };
}

function repeated(ids: readonly Use[]): Finding[] {
  return ids
    .filter(([, id], index) => id !== '' && ids.findIndex(([, other]) => other === id) !== index)
    .map(([path, id]) => ({
      path,
      what: `the id \`${id}\` stands twice`,
      todo: 'give each its own: verdicts and counters name it',
    }));
}
