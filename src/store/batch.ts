import pg from 'pg';
import { serialize } from 'pg-protocol';

/** What a statement came to. */
export interface Answer {
  readonly rows: readonly object[];
  /** Its command: `SELECT`, `COMMIT`, ... */
  readonly command: string;
}

/** Runs a statement over one connection; its text is parsed, planned and described once there. */
export type RunStatement = (sql: string, values?: readonly unknown[]) => Promise<Answer>;

const runners = new WeakMap<pg.ClientBase, RunStatement>();

/**
 * Statements over one connection. What is given in one turn of the event loop, or while the connection is busy, travels as one batch: one
 * packet there, one answer back. The batch is done or fails as a whole: behind a statement that fails none runs, and outside of a transaction
 * those before it are undone, so every statement of the batch is rejected with that one's error.
 */
export function statementsOver(client: pg.ClientBase): RunStatement {
  let run = runners.get(client);
  if (run === undefined) {
    run = openRunner(client);
    runners.set(client, run);
  }
  return run;
}

function openRunner(client: pg.ClientBase): RunStatement {
  const known = new Map<string, Prepared>();
  let given: Statement[] = [];
  const take = () => {
    const taken = given;
    given = [];
    return taken;
  };
  return (sql, values = []) =>
    new Promise((resolve, reject) => {
      let prepared = known.get(sql);
      if (prepared === undefined) {
        prepared = { sql, name: `s${known.size}`, parsed: false, columns: [] };
        known.set(sql, prepared);
      }
      given.push({ prepared, values, rows: [], command: '', resolve, reject });
      if (given.length === 1) process.nextTick(() => client.query(new Batch(take)));
    });
}

/** A statement that this connection knows by name. */
interface Prepared {
  readonly sql: string;
  readonly name: string;
  /** False until it was sent, and again once it is not certain that the server has it. */
  parsed: boolean;
  columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

interface Statement {
  readonly prepared: Prepared;
  readonly values: readonly unknown[];
  readonly rows: object[];
  command: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** What of the driver's connection a query of one's own works with. */
interface Line {
  readonly stream: { write(packet: Buffer): unknown; destroy(): unknown };
}

/** What the driver's other query classes are made with; its types leave it out. */
interface Utils {
  readonly prepareValue: (value: unknown) => unknown;
}
const { utils } = pg as unknown as { readonly utils: Utils }; // pg/lib/index.js
const EXECUTE = serialize.execute();
const SYNC = serialize.sync();

/** A query class of the driver: the extended protocol with one Sync behind all statements, where the driver's own has one behind each. */
class Batch implements pg.Submittable {
  /** The driver puts its time-out's end here. */
  callback: (error?: unknown) => void = () => undefined;
  readonly #take: () => Statement[];
  #statements: readonly Statement[] = [];
  #at = 0;

  constructor(take: () => Statement[]) {
    this.#take = take;
  }

  submit({ stream }: Line): Error | null {
    this.#statements = this.#take();
    try {
      const packet = this.#statements.flatMap(({ prepared, values }) => [
        ...parse(prepared),
        serialize.bind({ statement: prepared.name, values: [...values], valueMapper: utils.prepareValue }),
        EXECUTE,
      ]);
      stream.write(Buffer.concat([...packet, SYNC]));
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error)); // a value that cannot be sent: nothing was
    }
  }

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    const statement = this.#statements[this.#at];
    if (statement)
      statement.prepared.columns = fields.map(({ name, dataTypeID }) => ({
        name,
        read: pg.types.getTypeParser(dataTypeID, 'text'),
      }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const statement = this.#statements[this.#at];
    if (!statement) return;
    const row: Record<string, unknown> = {};
    statement.prepared.columns.forEach(({ name, read }, index) => {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : read(text);
    });
    statement.rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const statement = this.#statements[this.#at++];
    if (statement) statement.command = text.split(' ', 1)[0] ?? '';
  }

  handleEmptyQuery(): void {
    this.#at++;
  }

  handleReadyForQuery(): void {
    this.callback();
    for (const statement of this.#statements) statement.resolve(statement);
  }

  handleError(error: Error, { stream }: Line): void {
    this.callback(error);
    if (this.#statements.length === 0) this.#statements = this.#take(); // the connection went before it could be sent
    for (const { prepared } of this.#statements.slice(this.#at)) prepared.parsed = false;
    for (const { reject } of this.#statements) reject(error);
    if (error.message === 'Query read timeout') stream.destroy(); // what comes behind it would wait as well
  }
}

/** Closed first: an earlier try may have left it there, and closing what is not there is no error. */
function parse(prepared: Prepared): readonly Buffer[] {
  if (prepared.parsed) return [];
  const { name, sql } = prepared;
  prepared.parsed = true;
  return [
    serialize.close({ type: 'S', name }),
    serialize.parse({ name, text: sql }),
    serialize.describe({ type: 'S', name }),
  ];
}
