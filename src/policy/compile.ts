import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { wellFormed } from '../contract/brief-arguments.js';
import type { Json } from '../domain/action.js';
import { normalised } from '../domain/sanitise.js';
import { isContradiction } from './contradiction.js';
import { exactly, registerExact } from './exact-functions.js';
import { constantsOf, type Flaw, flawsOf, mentionsOf, restsOnClaims } from './expression.js';

/** What a condition said of one action. */
export type Answer = { readonly fires: boolean } | { readonly error: string };

/** What an expression that makes a value gave for one action. */
export type Made = { readonly value: Json } | { readonly error: string };

/** A compiled expression that makes a value, such as an argument. */
export interface Expression {
  /** Never throws. */
  evaluate(facts: CelFacts): Made;
}

/** What compiling gives: the program, or what is wrong with its text. */
export type Compiled<Program> = { readonly program: Program } | { readonly flaws: readonly Flaw[] };

/** A compiled rule condition. */
export interface Condition {
  /** Never throws: what cannot be evaluated is an error, and errors escalate. */
  evaluate(facts: CelFacts): Answer;
  /** The variables that the expression names, such as `readings.confidence`. */
  readonly mentions: readonly (readonly string[])[];
  /** The numbers and texts that the expression compares with: where an explanation looks for a value that would not fire. */
  readonly constants: readonly (number | string)[];
  /** Whether the expression rests on what the model (readings) or the requester (the situation) says of the case. */
  readonly restsOnClaims: boolean;
  /** Whether it can be seen never to be true. */
  readonly neverTrue: boolean;
}

/** What a condition can see, in CEL's types: whole numbers are bigint where an int is declared. */
export interface CelFacts {
  readonly task: {
    readonly id: string;
    readonly tenant: string;
    readonly requester: string;
    readonly situation: string;
  };
  readonly agent: {
    readonly name: string;
    readonly owner: string;
    readonly tools: readonly string[];
    readonly situations: readonly string[];
  };
  readonly action: {
    readonly args?: Json;
    readonly tool: string;
    readonly tier: bigint;
    /** Currency is empty and minor 0 when the call moves no money. */
    readonly money?: { readonly minor: CelInt; readonly currency: string };
    readonly rows?: CelInt;
    readonly recipients?: readonly string[];
    readonly payee?: string;
    readonly environment?: string;
    readonly categories: readonly string[];
  };
  readonly readings: Readonly<Record<string, number | string | boolean>>;
  readonly history: { readonly executed: CelInt; readonly rejected: CelInt; readonly failed: CelInt };
}

/** A number that is no safe integer stays one, so that every rule which reads it errors and thereby asks. */
export type CelInt = bigint | number;

/** No loop over a loop, no regular expression (see `expression.ts`), and bounded size: an evaluation is at most quadratic in the payload, which `cel-facts.ts` bounds. */
export const LIMITS = {
  maxAstNodes: 300,
  maxDepth: 24,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
};

/** What a condition can read, with its type in CEL; beside these `readings.NAME`. */
export const VARIABLES = {
  task: { id: 'string', tenant: 'string', requester: 'string', situation: 'string' },
  agent: { name: 'string', owner: 'string', tools: 'list<string>', situations: 'list<string>' },
  action: {
    args: 'dyn',
    tool: 'string',
    tier: 'int',
    money: { minor: 'int', currency: 'string' },
    rows: 'int',
    recipients: 'list<string>',
    payee: 'string',
    environment: 'string',
    categories: 'list<string>',
  },
  history: { executed: 'int', rejected: 'int', failed: 'int' },
} as const;

const READABLE = `${Object.entries(VARIABLES)
  .map(([root, fields]) => `${root}.(${Object.keys(fields).join('|')})`)
  .join(', ')}, action.money.(minor|currency), readings.NAME`;

const environment = environmentOf(LIMITS);
/** For what is evaluated: a policy's own text and the calls around its arithmetic. */
const exact = environmentOf({
  ...LIMITS,
  maxAstNodes: 2 * LIMITS.maxAstNodes,
  maxDepth: 2 * LIMITS.maxDepth,
});

function environmentOf(limits: typeof LIMITS): Environment {
  return registerExact(new Environment({ limits }))
    .registerVariable({ name: 'task', schema: VARIABLES.task })
    .registerVariable({ name: 'agent', schema: VARIABLES.agent })
    .registerVariable({ name: 'action', schema: VARIABLES.action })
    .registerVariable({ name: 'history', schema: VARIABLES.history })
    .registerVariable('readings', 'map<string, dyn>');
}

/** Compiles one condition, or says what is wrong with it. Text literals are compared in NFC. */
export function compileCondition(when: string): Compiled<Condition> {
  return compiled(when, {
    refusal: (type) =>
      type === 'bool' || type === 'dyn'
        ? null
        : { at: 0, what: `gives ${type}, not true or false`, todo: 'compare it with something' },
    made: (program, run) => ({
      evaluate: (facts) => answer(() => run({ ...facts })),
      mentions: mentionsOf(program.ast),
      constants: constantsOf(program.ast),
      restsOnClaims: restsOnClaims(program.ast),
      neverTrue: isContradiction(program.ast),
    }),
  });
}

/** Compiles one expression that makes plain JSON of what is known of a case, or says what is wrong with it. */
export function compileExpression(text: string): Compiled<Expression> {
  return compiled(text, {
    refusal: (type, program) => {
      if (restsOnClaims(program.ast)) return CLAIMS;
      return PLAIN.test(type)
        ? null
        : {
            at: 0,
            what: `gives ${type}, which is no JSON`,
            todo: "make it a text, a number, or a list of these, such as 'a' or action.rows",
          };
    },
    made: (_program, run) => ({ evaluate: (facts) => madeBy(() => run({ ...facts })) }),
  });
}

/** A safe action runs without a person: what it does is the policy's word about the call, not the model's or the requester's about itself. */
const CLAIMS: Flaw = {
  at: 0,
  what: 'rests on what the model or the requester says of the case (readings, task.situation)',
  todo: 'use a text of the policy, or what the call itself holds, such as action.args.NAME',
};

/** Types whose values are JSON; what `dyn` holds is looked at when it is evaluated. */
const PLAIN = /^(list<|map<string, )*(dyn|string|int|double|bool|null)>*$/;

type Parsed = ReturnType<typeof environment.parse>;

function compiled<Program>(
  text: string,
  given: {
    readonly refusal: (type: string, program: Parsed) => Flaw | null;
    /** `run` is what is evaluated: the program with the exact functions in their places. */
    readonly made: (program: Parsed, run: Parsed) => Program;
  },
): Compiled<Program> {
  if (normalised(text) !== text.normalize('NFC')) {
    return { flaws: [{ at: 0, what: 'holds invisible characters', todo: 'type it anew' }] };
  }
  try {
    const source = text.normalize('NFC');
    const program = environment.parse(source);
    const checked = program.check();
    const ours = flawsOf(program.ast);
    const theirs = checked.valid ? [] : [celFlaw(checked.error)];
    const flaws = [...ours, ...theirs.filter(({ at }) => !ours.some((flaw) => flaw.at === at))];
    if (flaws.length > 0) return { flaws };
    const refusal = given.refusal(checked.type ?? 'dyn', program);
    if (refusal !== null) return { flaws: [refusal] };
    const run = exact.parse(exactly(source, program.ast));
    run.check();
    return { program: given.made(program, run) };
  } catch (error) {
    if (isCelError(error) || error instanceof RangeError) return { flaws: [celFlaw(error)] };
    throw error;
  }
}

function answer(run: () => unknown): Answer {
  const made = evaluated(run);
  if ('error' in made) return made;
  return typeof made.value === 'boolean'
    ? { fires: made.value }
    : { error: 'the condition gave no true or false' };
}

function madeBy(run: () => unknown): Made {
  const made = evaluated(run);
  if ('error' in made) return made;
  const value = jsonOf(made.value);
  return value === undefined ? { error: 'the expression gave no JSON' } : { value };
}

function evaluated(run: () => unknown): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: run() };
  } catch (error) {
    return { error: isCelError(error) ? summaryOf(error) : 'it could not be evaluated' };
  }
}

/** A value of CEL as JSON; undefined for one that JSON cannot say exactly. */
function jsonOf(value: unknown): Json | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return isWhole(value) ? value : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined; // -0 is 0 in JSON
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (Array.isArray(value)) {
    const parts = value.map(jsonOf);
    return parts.includes(undefined) ? undefined : (parts as Json[]); // the line says so
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const entries = Object.entries(value).map(([key, part]) => [key, jsonOf(part)] as const);
  const exact = entries.every(([key, part]) => isWhole(key) && part !== undefined);
  return exact ? (Object.fromEntries(entries) as Json) : undefined; // see above
}

/** CEL cuts texts by UTF-16 code units, which may leave half a character. */
function isWhole(text: string): boolean {
  return wellFormed(text) === text;
}

function isCelError(error: unknown): error is ParseError | CelTypeError | EvaluationError {
  return error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError;
}

/** The beginning of what went wrong; it may quote the case. */
function summaryOf({ summary }: ParseError | CelTypeError | EvaluationError): string {
  return wellFormed(summary.slice(0, 200));
}

function celFlaw(error: unknown): Flaw {
  if (!isCelError(error))
    return { at: 0, what: 'cannot be read as CEL', todo: 'shorten or simplify the expression' };
  return { at: error.range?.start ?? 0, what: summaryOf(error), todo: todoOf(error) };
}

function todoOf({ name, summary }: ParseError | CelTypeError | EvaluationError): string {
  if (summary.startsWith('Exceeded')) return 'shorten it, or write several rules';
  if (/overload|same type/.test(summary))
    return "let both sides have one type: 5 is a whole number, 5.0 a fraction, '5' a text";
  if (name === 'ParseError') return 'correct the expression; a text stands in single quotes';
  return `what can be read: ${READABLE}`;
}
