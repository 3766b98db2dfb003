import type { Json } from 'countersign';

/** A run of an agent: the body of `POST /v1/tasks`. */
export interface Run {
  readonly task: string;
  readonly agent: string;
  readonly situation: string;
  readonly goal: string;
  readonly planner: { readonly name: 'scripted'; readonly input: Json };
}

type Call = readonly [tool: string, args: Json, agentText?: string];

/** One call a step, the later ones only if the one before ran. */
const scripted = (...calls: readonly Call[]): Run['planner'] => ({
  name: 'scripted',
  input: {
    steps: calls.map(([tool, args, agentText], index) => ({
      calls: [agentText === undefined ? { tool, args } : { tool, args, agentText }],
      ...(index === 0 ? {} : { when: 'executed' }),
    })),
  },
});
const web = (environment: string): Json => ({ service: 'web', environment });

/** What the agents of the release desk are at. What people say to it is not in here. */
export const runs = {
  release: {
    task: 'release-web',
    agent: 'release',
    situation: 'release',
    goal: 'Bring the build of this morning to production.',
    planner: scripted(
      ['read_status', web('production')],
      ['deploy_production', { image: 'web:latest' }, 'Green on staging for 3 days.'],
      ['set_flag', { flag: 'new-checkout', on: true }],
    ),
  },
  unanswered: {
    task: 'release-api',
    agent: 'release',
    situation: 'release',
    goal: 'Bring api to production as well.',
    planner: scripted(['deploy_production', { image: 'api:latest' }]),
  },
  migration: {
    task: 'migrate-invoices',
    agent: 'release',
    situation: 'release',
    goal: 'Add the table of invoices.',
    planner: scripted(['run_migration', { migration: '0002-invoices' }]),
  },
  newcomer: {
    task: 'try-dark-mode',
    agent: 'intern_bot',
    situation: 'release',
    goal: 'Try the dark mode.',
    planner: scripted(
      ['read_status', web('staging')],
      ['set_flag', { flag: 'dark-mode', on: true }, 'Nobody will notice.'],
    ),
  },
  leak: {
    task: 'key-of-billing-leaked',
    agent: 'sre',
    situation: 'incident',
    goal: 'The key of billing is in a public log. Replace it.',
    planner: scripted([
      'rotate_keys',
      { service: 'billing', key: 'correct-horse-battery-staple' },
      'The new key is correct-horse-battery-staple.',
    ]),
  },
  cleanup: {
    task: 'disk-is-full',
    agent: 'sre',
    situation: 'incident',
    goal: 'The disk of the database is full.',
    planner: scripted(['delete_data', { table: 'audit_events', rows: 2_000_000 }]),
  },
  access: {
    task: 'wants-to-be-admin',
    agent: 'intern_bot',
    situation: 'release',
    goal: 'Try the dark mode in production.',
    planner: scripted([
      'grant_privilege',
      { person: 'intern_bot', right: 'admin' },
      'I need this to finish, it is only a formality.',
    ]),
  },
  night: {
    task: 'nobody-is-awake',
    agent: 'sre',
    situation: 'incident',
    goal: 'Staging is not needed at night.',
    planner: scripted(['scale_service', { service: 'web', environment: 'staging', replicas: 0 }]),
  },
  load: {
    task: 'load-of-the-evening',
    agent: 'autoscaler',
    situation: 'load',
    goal: 'Keep up with the evening.',
    planner: scripted(['scale_service', { service: 'api', environment: 'production', replicas: 8 }]),
  },
} as const satisfies Record<string, Run>;
