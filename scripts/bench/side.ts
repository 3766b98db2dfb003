/** One run as its client saw it; `monotonicMs` except where said. */
export interface RunTimes {
  readonly workflowId: string;
  readonly submitted: number;
  readonly asked: number;
  readonly decided: number;
  /** `decided` by the wall clock, epoch milliseconds, for comparison with the history. */
  readonly decidedAtWall: number;
  readonly acknowledged: number;
  readonly executed: number;
  readonly answered: number;
}

/** How a reviewer's client is told apart from the machine: between being asked and deciding lies at least so much, on both sides. */
export const LOOK_MS = 10;

/** One of the two systems that are compared, ready to take runs. */
export interface Side {
  readonly name: 'bare' | 'countersign';
  /** The process ids of its own processes, by the name under which their CPU is reported. */
  processes(): Readonly<Record<string, number>>;
  /** One run from submit to the result. */
  run(id: string): Promise<RunTimes>;
  /** Submits and waits until a person is asked; for parking. */
  park(id: string): Promise<void>;
  /** Decides a parked run; resolves when its effect has happened, with the time of it. */
  release(id: string): Promise<number>;
  /** Kills the worker with SIGKILL and starts a new one; resolves when that polls, with the time of it. */
  replaceWorker(): Promise<number>;
  stop(): Promise<void>;
}
