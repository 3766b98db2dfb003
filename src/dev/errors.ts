/** What went wrong with the embedded stack in words for the person at the terminal; `exitCode` as in the CLI's table. */
export class StackError extends Error {
  readonly exitCode: number;
  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Another living process owns the data folder. */
export class FolderInUse extends StackError {
  readonly dataDir: string;
  readonly pid: number;
  constructor(held: { dataDir: string; pid: number; elsewhere?: string | undefined }) {
    const by = held.elsewhere === undefined ? '' : ` of another machine or container, ${held.elsewhere}`;
    super(
      `The data folder ${held.dataDir} is in use by process ${held.pid}${by}. ` +
        'Stop that one, or give this one a folder of its own with COUNTERSIGN_DATA.',
      { exitCode: 2 },
    );
    this.dataDir = held.dataDir;
    this.pid = held.pid;
  }
}

/** A port that was asked for is taken. */
export class PortTaken extends StackError {
  readonly port: number;
  constructor(taken: { port: number; purpose: string }) {
    super(
      `Port ${taken.port} on 127.0.0.1 is taken (wanted for ${taken.purpose}). ` +
        'Stop what listens there, or choose another port (0 = any free one).',
      { exitCode: 2 },
    );
    this.port = taken.port;
  }
}
