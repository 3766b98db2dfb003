/** What can be wrong with a journal. */
export type JournalProblem =
  | 'malformed'
  | 'edited'
  | 'deleted'
  | 'reordered'
  | 'duplicated'
  | 'forked'
  | 'truncated'
  | 'rewritten'
  | 'text-changed'
  | 'checkpoint-forged'
  | 'checkpoint-missing'
  | 'checkpoint-forked'
  | 'checkpoint-truncated';

/** The first bad entry; of a checkpoint's own fault, `task` is null and `seq` its number. */
export interface JournalFault {
  readonly tenant: string | null;
  readonly task: string | null;
  readonly seq: number;
  readonly problem: JournalProblem;
  /** For people: what was expected and what is there. */
  readonly detail: string;
}
