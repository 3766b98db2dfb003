/** A file that uses every key. */
export const WHOLE = {
  version: '1',
  owner: 'platform',
  agents: {
    support: {
      owner: 'director',
      tools: ['read', 'note', 'mail', 'refund', 'pay'],
      autonomy: 'monitored',
      stage: 'narrow',
      situations: ['refund'],
    },
  },
  roles: {
    supervisor: {
      members: ['amira', 'joon'],
      backup: 'director',
      depth: 9,
      mail: ['desk@example.com'],
      slack: 'C0123ABCD',
    },
    director: { members: ['ruth', 'tomas'] },
  },
  tools: {
    note: { level: 'soft', window: '10m', categories: ['money'], route: 'supervisor', ladder: 'careful' },
  },
  rules: [
    {
      id: 'low',
      trigger: 'confidence',
      when: 'readings.confidence < 0.72',
      level: 'approve',
      route: 'director',
      ladder: 'urgent',
      tag: 'unsure',
    },
    { id: 'new', trigger: 'anomaly', when: '!(task.situation in agent.situations)', level: 'notify' },
  ],
  ladders: {
    careful: {
      ttl: '1h',
      remind: '50%',
      // oxlint-disable-next-line unicorn/no-thenable -- a key of the file; its value is never a function
      then: 'backup',
      fallback: 'safe',
      safe: { tool: 'note', args: { text: "'wait'" } },
    },
  },
  always_ask: {
    money: { limits: { USD: 500 }, route: 'director', ladder: 'urgent' },
    'delete-data': { route: 'director' },
  },
  limits: [
    { id: 'day', per: ['agent', 'day'], currency: 'USD', minor: 900 },
    { id: 'calls', per: ['tool'], count: 9 },
  ],
  defaults: { route: 'supervisor', ladder: 'ordinary', validity: '15m', extend: '24h', window: '1h' },
  halts: { set: ['supervisor'], lift: ['director'] },
  risk_map: {
    impact: { minor: { rows: 1 }, severe: { money: { USD: 100 }, rows: 9, recipients: 5 } },
    levels: {
      minor: { reversible: 'auto', hard: 'notify', irreversible: 'approve' },
      severe: { reversible: 'approve', hard: 'approve', irreversible: 'stop' },
    },
  },
  sign_offs: [{ role: 'product', by: 'ben', on: '2026-01-01', review: '2027-01-01', tools: ['read'] }],
};

type Path = readonly (string | number)[];

/** Every place of the data, from the top. */
function places(data: unknown, path: Path = []): Path[] {
  if (typeof data !== 'object' || data === null) return [path];
  const inner = Object.entries(data).flatMap(([key, part]) =>
    places(part, [...path, Array.isArray(data) ? Number(key) : key]),
  );
  return [path, ...inner];
}

/** A copy with another value at a place; `undefined` leaves it out. */
export function replaced(data: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(data))
    return data.map((part, index) => (index === key ? replaced(part, rest, value) : (part as unknown)));
  const entries = Object.entries(data as object).map(([name, part]) => [
    name,
    name === key ? replaced(part, rest, value) : (part as unknown),
  ]); // only places of the data are asked for
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
}

/** What stands at a place. */
export function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], data); // only places of the data are asked for
}

/** Maps whose keys are names of the author's choosing. */
const FREE = /^(agents|roles|tools|ladders|always_ask\.money\.limits|.*\.money|ladders\.\w+\.safe\.args)$/;
/** Every place of the file. */
export const PLACES = places(WHOLE);
/** The maps of which the keys are given. */
export const STRICT = PLACES.filter((path) => {
  const value = at(WHOLE, path);
  return typeof value === 'object' && !Array.isArray(value) && !FREE.test(path.join('.'));
});
