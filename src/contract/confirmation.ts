import type { Brief } from '../domain/brief.js';
import type { Verb } from '../domain/decision.js';

/**
 * The name that a person types before a decision lets something happen that cannot be undone (tier 4): the tool's. Null where none is
 * asked for. The same for every place where people decide.
 */
export function nameToType(verb: Verb, { tier, tool }: Pick<Brief, 'tier' | 'tool'>): string | null {
  return tier === 4 && (verb === 'approve' || verb === 'edit') ? tool.name : null;
}

/** Whether what was typed is that name; spaces around it do not count. */
export function isTyped(name: string, typed: string | undefined): boolean {
  return typed?.trim() === name;
}
