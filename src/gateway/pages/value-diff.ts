import { canonicalJson } from '../../contract/canonical.js';
import { referenceOf, SECRET_MASK } from '../../contract/secret.js';
import { isList, isMembers, valueAt, type Members } from '../../contract/schema-at.js';
import type { Json } from '../../domain/action.js';
import type { Change } from '../../domain/brief.js';
import type { EditPreview } from '../preview-edit.js';

/** What an edit changes, member by member, as values of JSON; a new secret is said and not shown. Empty = nothing. */
export function editDiff({ before, after }: EditPreview): readonly Change[] {
  return diff(before, after, []);
}

function diff(before: Json | undefined, after: Json | undefined, path: readonly string[]): readonly Change[] {
  if (opens(before) && opens(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      diff(valueAt(before, [name]), valueAt(after, [name]), [...path, name]),
    );
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after))
    return [];
  return [{ field: path.join('.') || '(all)', before: said(before, before), after: said(after, before) }];
}

function opens(value: Json | undefined): value is Members {
  return value !== undefined && isMembers(value) && referenceOf(value) === undefined;
}

function said(value: Json | undefined, before: Json | undefined): string {
  if (value === undefined) return '(left out)';
  return referenceOf(value) === undefined
    ? canonicalJson(withoutSecrets(value, before))
    : secretIn(value, before);
}

/** Every secret in words. */
function withoutSecrets(value: Json, before: Json | undefined): Json {
  const at = (step: string | number) => (before === undefined ? undefined : valueAt(before, [step]));
  if (isList(value)) return value.map((one, index) => withoutSecrets(one, at(index)));
  if (!isMembers(value)) return value;
  if (referenceOf(value) !== undefined) return secretIn(value, before);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withoutSecrets(one, at(name))]),
  );
}

/** The mask for the secret that stood here before. */
function secretIn(reference: Json, before: Json | undefined): string {
  const kept = before !== undefined && referenceOf(before) === referenceOf(reference);
  return kept ? SECRET_MASK : 'a new secret';
}
