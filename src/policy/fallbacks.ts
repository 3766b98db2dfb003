import type { Draft } from './draft.js';
import type { Finding } from './problem.js';

/** Safe actions that are missing, unused, or that no agent could take. */
export function fallbackFindings(draft: Draft): Finding[] {
  const listed = new Set([...draft.agents.values()].flatMap(({ tools = [] }) => tools));
  return [...draft.ladders].flatMap(([name, { fallback, safe }]): Finding[] => {
    if (fallback === 'safe' && safe === undefined)
      return [
        {
          path: ['ladders', name],
          what: 'fallback safe without `safe`',
          todo: 'add safe: { tool: NAME, args: { ... } }, or choose another fallback',
        },
      ];
    if (safe === undefined || fallback === undefined) return [];
    return [
      ...(fallback === 'safe'
        ? []
        : [
            {
              path: ['ladders', name, 'safe'],
              key: true as const,
              what: `nothing takes it: the fallback is ${fallback}`,
              todo: 'write fallback: safe, or remove it',
            },
          ]),
      ...(listed.has(safe.tool)
        ? []
        : [
            {
              path: ['ladders', name, 'safe', 'tool'],
              what: `no agent lists \`${safe.tool}\``,
              todo: "add it to an agent's tools: silence denies for any other agent",
            },
          ]),
    ];
  });
}
