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
  | 'checkpoint-truncated'
  /** Not an entry: the evidence is of less than what was to be verified; `seq` is 0. */
  | 'narrower';

/** The first bad entry; of a checkpoint's own fault, `task` is null and `seq` its number. */
export interface JournalFault {
  readonly tenant: string | null;
  readonly task: string | null;
  readonly seq: number;
  readonly problem: JournalProblem;
  /** For people: what was expected and what is there. */
  readonly detail: string;
}
