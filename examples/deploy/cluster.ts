import { createHash } from 'node:crypto';
import { ToolFailure } from 'countersign';

/** Where services run. */
export type Environment = 'staging' | 'production';

/** A service in one environment. */
export interface Running {
  readonly digest: string;
  readonly replicas: number;
  /** New versions are refused while it is frozen. */
  readonly frozen: boolean;
  /** What ran before, the latest last. */
  readonly before: readonly string[];
  /** Epoch milliseconds. */
  readonly changedAt: number;
}

/** What a tag of the registry means at the moment. */
export interface Tag {
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly pushedAt: number;
}

/** A small cluster in memory: it is gone with its process, and knows nothing of who approved what. */
export interface Cluster {
  service(name: string, environment: Environment): Running;
  change(name: string, environment: Environment, change: Partial<Running>): void;
  /** The digest that `web:latest` or `web@sha256:...` means now. */
  resolve(image: string): Tag;
  /** Moves a tag, as a build does. */
  push(image: string): Tag;
  readonly migrations: Set<string>;
  /** Rows by table. */
  readonly tables: Map<string, number>;
  /** Flags that are on. */
  readonly flags: Set<string>;
  /** Rights as `person role`. */
  readonly rights: Set<string>;
  /** Key id by service; the keys themselves are nobody's to read. */
  readonly keys: Map<string, string>;
  /** Does something once for a key, and answers what it answered the first time. */
  once<Result>(key: string, work: () => Result): Result;
}

const SERVICES = ['web', 'api', 'billing'];
const START = Date.UTC(2026, 10, 21, 8);

/** A cluster as it begins: three services in two environments, one image each. */
export function createCluster(now: () => number = () => Date.now()): Cluster {
  const services = new Map<string, Running>();
  const tags = new Map<string, Tag>();
  const done = new Map<string, unknown>();
  let pushed = 0;
  const push = (image: string): Tag => {
    pushed += 1;
    const digest = `sha256:${createHash('sha256').update(`${image} ${pushed}`).digest('hex')}`;
    const tag = { digest, pushedAt: pushed > SERVICES.length ? now() : START };
    tags.set(image, tag);
    return tag;
  };
  for (const name of SERVICES) {
    const { digest } = push(`${name}:latest`);
    const running = { digest, replicas: 3, frozen: false, before: [], changedAt: START };
    services.set(`${name} staging`, running).set(`${name} production`, running);
  }
  const service: Cluster['service'] = (name, environment) => {
    const found = services.get(`${name} ${environment}`);
    if (!found) throw new ToolFailure('no-such-service', `there is no service ${name} in ${environment}`);
    return found;
  };
  return {
    service,
    change(name, environment, change) {
      const next = { ...service(name, environment), ...change, changedAt: now() };
      services.set(`${name} ${environment}`, next);
    },
    resolve(image) {
      const [, digest] = image.split('@');
      const tag = digest === undefined ? tags.get(image) : { digest, pushedAt: START };
      if (!tag) throw new ToolFailure('no-such-image', `the registry has no image ${image}`);
      return tag;
    },
    push,
    migrations: new Set(['0001-accounts']),
    tables: new Map([
      ['sessions', 48_000],
      ['audit_events', 2_400_000],
    ]),
    flags: new Set(),
    rights: new Set(),
    keys: new Map(SERVICES.map((name) => [name, `${name}-key-1`])),
    once<Result>(key: string, work: () => Result): Result {
      if (!done.has(key)) done.set(key, work());
      return done.get(key) as Result; // the same key is the same work
    },
  };
}
