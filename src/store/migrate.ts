import { CountersignError } from '../domain/errors.js';
import { openDatabase, sqlState, type Queries } from './database.js';
import { spine } from './migrations/001-spine.js';
import { readings } from './migrations/002-readings.js';
import { verbs } from './migrations/003-verbs.js';
import { anomalies } from './migrations/004-anomalies.js';
import { signIn } from './migrations/005-sign-in.js';
import { hooks } from './migrations/006-hooks.js';
import { whoMay } from './migrations/007-who-may.js';
import { channels } from './migrations/008-channels.js';
import { desk } from './migrations/009-desk.js';
import { journalAppend } from './migrations/011-journal-append.js';
import { ownDecisionsIndex } from './migrations/012-own-decisions.js';
import { hooksFromJournal } from './migrations/013-hooks-from-journal.js';
import { started } from './migrations/014-started.js';
import { unheard } from './migrations/015-unheard.js';
import { checkpoints } from './migrations/016-checkpoints.js';
import { namespaceKept } from './migrations/017-namespace.js';
import { undeliveredSends } from './migrations/018-undelivered.js';
import { bearer } from './migrations/019-bearer.js';
import { latestQuestions } from './migrations/020-latest-questions.js';
import { editedSafeAction } from './migrations/021-edited-safe-action.js';

const MIGRATIONS: readonly { id: number; sql: string }[] = [
  { id: 1, sql: spine },
  { id: 2, sql: readings },
  { id: 3, sql: verbs },
  { id: 4, sql: anomalies },
  { id: 5, sql: signIn },
  { id: 6, sql: hooks },
  { id: 7, sql: whoMay },
  { id: 8, sql: channels },
  { id: 9, sql: desk },
  { id: 11, sql: journalAppend },
  { id: 12, sql: ownDecisionsIndex },
  { id: 13, sql: hooksFromJournal },
  { id: 14, sql: started },
  { id: 15, sql: unheard },
  { id: 16, sql: checkpoints },
  { id: 17, sql: namespaceKept },
  { id: 18, sql: undeliveredSends },
  { id: 19, sql: bearer },
  { id: 20, sql: latestQuestions },
  { id: 21, sql: editedSafeAction },
];
const LAST = MIGRATIONS.at(-1)?.id ?? 0;

/** Brings a database to this version's tables, however long that takes. Safe to run from several processes at once; each step is all or nothing. */
export async function migrate(databaseUrl: string): Promise<void> {
  const database = openDatabase({ url: databaseUrl, maxConnections: 1, patient: true });
  try {
    await database.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended('countersign:migrate', 0))");
      await tx.query(
        'create table if not exists migrations (id int primary key, applied_at timestamptz not null default now())',
      );
      const applied = new Set(
        (await tx.query<{ id: number }>('select id from migrations')).map((row) => row.id),
      );
      refuseNewer(Math.max(0, ...applied));
      for (const { id, sql } of MIGRATIONS) {
        if (applied.has(id)) continue;
        await tx.query(`do $do$ begin execute $migration$${sql}$migration$; end $do$`); // several statements, as one
        await tx.query('insert into migrations (id) values ($1)', [id]);
      }
    });
  } finally {
    await database.close();
  }
}

/** Throws `config` unless the database has at least this version's tables: a newer one serves its older processes until they are replaced. */
export async function requireMigrated(queries: Queries): Promise<void> {
  const at = await migrationOf(queries);
  if (at < LAST)
    throw new CountersignError(
      'config',
      `The database has not this version's tables (it is at migration ${at} of ${LAST}). Run \`countersign migrate\` first.`,
    );
}

function refuseNewer(at: number): void {
  if (at > LAST)
    throw new CountersignError(
      'config',
      `The database is at migration ${at}, this version knows ${LAST}: run the version that migrated it, or a newer one.`,
    );
}

/** The newest migration a database had; 0 when it never had one. */
async function migrationOf(queries: Queries): Promise<number> {
  try {
    const [row] = await queries.query<{ id: number | null }>('select max(id) as id from migrations');
    return row?.id ?? 0;
  } catch (error) {
    if (sqlState(error) === '42P01') return 0; // no such table
    throw error;
  }
}
