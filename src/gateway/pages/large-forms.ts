import { isOpen } from '../../contract/question-rules.js';
import type { EscalationView } from '../../contract/http.js';
import { isMembers } from '../../contract/schema-at.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import type { Json } from '../../domain/action.js';
import type { Change } from '../../domain/brief.js';
import { CountersignError, type ERRORS } from '../../domain/errors.js';
import { findTool } from '../../store/tools.js';
import type { Typed } from './decision-form.js';
import { changePage, largeFormPage, type LargeForm, type LargeVerb } from './edit-page.js';
import { html, type Html } from './html.js';
import { notice } from './layout.js';
import { firstAnswer } from './outcome.js';
import { jsonOrText, type Fields } from './read-decision.js';
import { readerOf } from './reader-cookie.js';
import { typedIn } from './resend.js';
import type { GatewayDeps } from '../deps.js';
import { previewEdit, type EditPreview } from '../preview-edit.js';
import { questionAt, viewOf, type PageContext } from './review-context.js';
import { masked, plainJson, readSchemaForm, schemaFields, type SchemaField } from './schema-form.js';
import { editDiff } from './value-diff.js';

/** Whether a verb has a page of its own. */
export function isLargeVerb(verb: string): verb is LargeVerb {
  return verb === 'edit' || verb === 'take-over';
}

/** A form of a schema that was sent: its result for a take-over, the page of the change for an edit, or the form again. */
export async function readLarge(
  deps: GatewayDeps,
  c: PageContext,
  verb: LargeVerb,
  fields: Fields,
): Promise<Response | Json> {
  const view = await viewOf(deps, c);
  if (verb === 'edit') requireEditable(view, c.get('bearer').subject);
  const schema = await fieldsFor(deps, view, verb);
  if (verb === 'take-over' && schema.length === 0) return jsonOrText(fields.get('outcome') ?? '');
  const { value, problems } = readSchemaForm(schema, fields);
  const typed = typedIn(fields);
  if (problems.length > 0) return shownForm(deps, c, view, { verb, fields: schema, problems, typed }, 422);
  if (verb === 'take-over') return value;
  if (view.digest !== fields.get('digest')) throw new CountersignError('stale', STALE);
  const changes = editDiff(await previewOf(deps, c, value));
  if (changes.length > 0)
    return c.html(changePage(view, readerOf(deps, c), { changes, edits: plainJson(value), typed }));
  const nothing = notice(
    'bad',
    'The edit changes nothing',
    html`<p>Change a value, or approve the action as it is.</p>`,
  );
  return shownForm(deps, c, view, { verb, fields: schema, problems, typed, notice: nothing }, 422);
}

/** A change of what is settled is not shown to be confirmed, nor to whom it is not theirs to make. */
function requireEditable(view: EscalationView, subject: string): void {
  if (isOpen(view)) return requireOffered(view, 'edit');
  const code = firstAnswer(view, subject) === undefined ? 'not-open' : 'already-decided';
  throw new CountersignError(code, 'The question is closed: nothing of it changes any more.');
}

function requireOffered(view: EscalationView, verb: LargeVerb): void {
  if (!view.mayDo.includes(verb))
    throw new CountersignError('forbidden', view.mayNot ?? `This question does not take ${verb} from you.`);
}

const STALE = 'The question has changed since you looked: read it again before you decide.';

/**
 * What was typed into a form that is not shown any more, for copying: of a larger one what differs from what stood there, with a mask for
 * each secret.
 */
export async function wordsOf(deps: GatewayDeps, view: EscalationView, typed: Typed): Promise<Typed> {
  const { form, values } = typed;
  if (!isLargeVerb(form)) return typed;
  const schema = (await schemaFor(deps, view, form)) ?? {};
  const fields = await fieldsFor(deps, view, form);
  const words = [...values].flatMap(([name, text]): [string, string][] => {
    if (name === 'edits') return jsonWords(schema, name, text);
    const field = fields.find((one) => one.name === name);
    if (field === undefined) return [[name, text]];
    if (field.kind === 'secret' || text === field.shown) return [];
    return field.kind === 'json' ? jsonWords(schema, name, text, field.path) : [[name, text]];
  });
  return { form, values: new Map(words) };
}

/** Nothing where it is no JSON: then nobody knows what in it is secret. */
function jsonWords(
  schema: Json,
  name: string,
  text: string,
  path: readonly string[] = [],
): [string, string][] {
  const json = parseStrictJson(text);
  return 'value' in json ? [[name, plainJson(masked(schema, json.value, path), 2)]] : [];
}

async function schemaFor(
  deps: GatewayDeps,
  { brief }: EscalationView,
  verb: LargeVerb,
): Promise<Json | null> {
  const tool = await findTool(deps.database, brief.tool.name);
  return (verb === 'edit' ? tool?.schema : tool?.output) ?? null;
}

/** The inputs for a verb: from the tool's published schema, with the arguments as they are for an edit. */
async function fieldsFor(
  deps: GatewayDeps,
  view: EscalationView,
  verb: LargeVerb,
  value?: Json,
): Promise<readonly SchemaField[]> {
  const schema = await schemaFor(deps, view, verb);
  if (verb === 'edit') return schemaFields(schema ?? {}, value ?? view.brief.fullArguments);
  return isMembers(schema) && schema['type'] === 'object' ? schemaFields(schema, {}) : [];
}

/** The empty form of a verb. Throws `forbidden` when this reader may not use it. */
export async function largeForm(
  deps: GatewayDeps,
  c: PageContext,
  view: EscalationView,
  verb: LargeVerb,
): Promise<Response> {
  requireOffered(view, verb);
  return shownForm(deps, c, view, { verb, fields: await fieldsFor(deps, view, verb), problems: [] }, 200);
}

function shownForm(
  deps: GatewayDeps,
  c: PageContext,
  view: EscalationView,
  form: LargeForm,
  status: 200 | 422,
): Response | Promise<Response> {
  return c.html(largeFormPage(view, readerOf(deps, c), form), status);
}

/** A larger form that was not taken, with all that was typed: the page of the change where that can be sent again, else its inputs. */
export async function largeAgain(
  deps: GatewayDeps,
  c: PageContext,
  view: EscalationView,
  sent: {
    readonly verb: LargeVerb;
    readonly typed: Typed;
    readonly notice: Html;
    readonly status: (typeof ERRORS)[keyof typeof ERRORS]['status'];
  },
): Promise<Response> {
  const { verb, typed, notice: top, status } = sent;
  const value = editsIn(typed.values);
  const fields = await fieldsFor(deps, view, verb, value);
  const changes = value === undefined ? [] : await changesAgain(deps, c, value);
  const reader = readerOf(deps, c);
  const edits = typed.values.get('edits');
  return edits !== undefined && changes.length > 0
    ? c.html(changePage(view, reader, { changes, edits, typed, notice: top }), status)
    : c.html(largeFormPage(view, reader, { verb, fields, problems: [], typed, notice: top }), status);
}

function previewOf(deps: GatewayDeps, c: PageContext, edits: Json): Promise<EditPreview> {
  return previewEdit(deps, { tenant: c.get('bearer').tenant, ...questionAt(c) }, edits);
}

/** None where the tool does not take them any more: then its inputs are shown. */
async function changesAgain(deps: GatewayDeps, c: PageContext, edits: Json): Promise<readonly Change[]> {
  try {
    return editDiff(await previewOf(deps, c, edits));
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'invalid') return [];
    throw error;
  }
}

function editsIn(fields: Fields): Json | undefined {
  const json = parseStrictJson(fields.get('edits') ?? '');
  return 'value' in json ? json.value : undefined;
}
