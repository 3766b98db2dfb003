import type { Draft } from './draft.js';
import type { Finding, Path } from './problem.js';

/** Sign-offs whose review is due on `today` (null = not asked), and tools that came in after them. Nothing is refused for it. */
export function signOffFindings(draft: Draft, today: string | null): Finding[] {
  return [...overdue(draft, today), ...unseenTools(draft)];
}

/** Days of ISO 8601 compare as text. */
function overdue({ signOffs }: Draft, today: string | null): Finding[] {
  return [...signOffs].flatMap(([index, { role = 'somebody', review }]): Finding[] =>
    today === null || review === undefined || review > today
      ? []
      : [
          {
            path: ['sign_offs', index, 'review'],
            what: `the review by ${role} was due on ${review}`,
            todo: 'have the policy signed off anew, and write the new days',
            warning: true,
          },
        ],
  );
}

function unseenTools({ agents, tools, signOffs }: Draft): Finding[] {
  const lists = [...signOffs.values()].flatMap((signOff) =>
    signOff.tools === undefined ? [] : [signOff.tools],
  );
  if (lists.length === 0) return [];
  const seen = new Set(lists.flat());
  const named: [string, Path][] = [
    ...[...agents].flatMap(([agent, entry]) =>
      (entry.tools ?? []).map((tool, index): [string, Path] => [tool, ['agents', agent, 'tools', index]]),
    ),
    ...[...tools.keys()].map((tool): [string, Path] => [tool, ['tools', tool]]),
  ];
  const first = new Map(named.toReversed());
  return [...first].toReversed().flatMap(([tool, path]): Finding[] =>
    seen.has(tool)
      ? []
      : [
          {
            path,
            what: `nobody signed \`${tool}\` off`,
            todo: 'have it signed off, and add it to the tools of the sign-off',
            warning: true,
          },
        ],
  );
}
