import { durationText } from '../../contract/duration.js';
import { csvCell, visible } from '../../domain/sanitise.js';
import type { PolicyMatrix } from '../../policy-files.js';
import { columns, wrapHanging } from './layout.js';

type Row = PolicyMatrix['calls'][number] | PolicyMatrix['rules'][number];

/** Who decides what, for a terminal. */
export function showMatrix({ version, owner, calls, rules, roles }: PolicyMatrix, width: number): string[] {
  const owners = new Map(calls.map((call) => [call.agent, call.owner]));
  const agents = [...owners].flatMap(([agent, role]) => [
    '',
    `agent ${agent}, owned by ${role}`,
    ...aligned(
      calls
        .filter((call) => call.agent === agent)
        .map((call) => [call.tool, tierText(call), levelText(call), whom(call)]),
    ),
  ]);
  const asked = rules.map(
    (rule) => `  ${rule.rule}: ${levelText(rule)}, ${whomOfRule(rule)}; when ${rule.when}`,
  );
  const people = roles.map(
    ({ role, members, backup }) =>
      `  ${role}: ${members.join(', ') || 'nobody'}${backup === null ? '' : `; then ${backup}`}`,
  );
  const lines = [
    `policy ${version} of ${owner}`,
    ...agents,
    '',
    'rules, on top of that',
    ...asked,
    '',
    'roles',
    ...people,
  ];
  return lines.flatMap((line) => wrapHanging(visible(line), width));
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => columns(row[at] ?? ''))));
  return rows.map((row) =>
    `  ${row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - columns(cell))).join('  ')}`.trimEnd(),
  );
}

/** `support_supervisor 7d, support_director 7d, else deny`. */
function whom({ rungs, level, fallback }: Row): string {
  const roles = rungs.map(({ role, ttlMs }) => (ttlMs === null ? role : `${role} ${sla(ttlMs)}`)).join(', ');
  if (roles !== '' && level === 'notify') return `${roles} is told`;
  return fallback === null ? roles : `${roles}, else ${silence(fallback)}`;
}

function silence(fallback: Row['fallback']): string {
  return fallback === 'undo' ? 'undone' : (fallback ?? '');
}

function whomOfRule(rule: Row): string {
  const onLadder =
    rule.rungs.some(({ ttlMs }) => ttlMs !== null) || rule.level === 'notify' || rule.level === 'soft';
  const named = 'whoever is asked about the tool';
  if (rule.rungs.length === 0)
    return rule.fallback === null ? named : `${named}, else ${silence(rule.fallback)}`;
  return onLadder ? whom(rule) : `${whom(rule)} on the ladder of the tool`;
}

/** `approve by 2` where that many people must. */
function levelText({ level, quorum }: Row): string {
  return quorum > 1 ? `${level} by ${quorum}` : level;
}

function sla(ttlMs: number | null): string {
  return ttlMs === null ? '' : durationText(ttlMs);
}

function tierText(row: Row): string {
  if (!('tier' in row)) return '';
  return row.known ? `T${row.tier}` : `T${row.tier}?`;
}

const HEAD = [
  'agent',
  'tool or rule',
  'when',
  'tier',
  'level',
  'role',
  'people',
  'time to answer',
  'backups',
  'if nobody answers',
];

/** The same as lines of CSV (RFC 4180), inert in a spreadsheet. */
export function csvMatrix(matrix: PolicyMatrix): readonly string[] {
  return [HEAD, ...cellsOf(matrix)].map((row) => row.map(csvCell).join(','));
}

function cellsOf({ calls, rules }: PolicyMatrix): readonly (readonly string[])[] {
  return [
    ...calls.map((call) => [
      call.agent,
      call.tool,
      'always',
      tierText(call),
      levelText(call),
      ...askedCells(call),
    ]),
    ...rules.map((rule) => ['any', rule.rule, rule.when, '', levelText(rule), ...askedCells(rule)]),
  ];
}

function askedCells({ rungs, fallback }: Row): readonly string[] {
  const [first, ...backups] = rungs;
  return [
    first?.role ?? '',
    (first?.members ?? []).join(', '),
    rungs.flatMap(({ ttlMs }) => (ttlMs === null ? [] : [sla(ttlMs)])).join(' + '),
    backups.map(({ role, members }) => `${role} (${members.join(', ')})`).join(', '),
    silence(fallback),
  ];
}

/** The same as one HTML page that asks nothing of any server. */
export function htmlMatrix(matrix: PolicyMatrix): string {
  const title = `Who decides what: policy ${matrix.version} of ${matrix.owner}`;
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; }
th, td { border: 1px solid #999; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<table>
<thead>${row(HEAD, 'th')}</thead>
<tbody>
${cellsOf(matrix)
  .map((cells) => row(cells, 'td'))
  .join('\n')}
</tbody>
</table>
</body>
</html>`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
