import { canonicalJson } from '../../contract/canonical.js';
import { SECRET_MASK } from '../../contract/secret.js';
import { isMembers } from '../../contract/schema-at.js';
import type { Json } from '../../domain/action.js';
import type { Change } from '../../domain/brief.js';
import type { SchemaField } from './schema-form.js';

/** What an edit changes, member by member, as values of JSON; a new secret is said and not shown. Empty = nothing. */
export function editDiff(before: Json, after: Json, fields: readonly SchemaField[]): readonly Change[] {
  const secrets = new Set(fields.filter(({ kind }) => kind === 'secret').map(({ path }) => path.join('.')));
  return diff(before, after, []).map((change) =>
    secrets.has(change.field) && change.after !== GONE
      ? { ...change, before: SECRET_MASK, after: 'a new secret' }
      : change,
  );
}

const GONE = '(left out)';

function diff(before: Json | undefined, after: Json | undefined, path: readonly string[]): readonly Change[] {
  if (before !== undefined && after !== undefined && isMembers(before) && isMembers(after)) {
    const [was, is] = [before, after];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) =>
      diff(own(was, name), own(is, name), [...path, name]),
    );
  }
  const [was, is] = [said(before), said(after)];
  return was === is ? [] : [{ field: path.join('.') || '(all)', before: was, after: is }];
}

function own(value: { readonly [key: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function said(value: Json | undefined): string {
  return value === undefined ? GONE : canonicalJson(value);
}
