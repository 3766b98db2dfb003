import type { EscalationView } from '../../src/contract/http.js';
import type { House } from './house.js';
import type { ShopCount } from './shop-check.js';

/** The figures of the demonstration, read back from Countersign and from the shop. */
export interface DemoFigures extends ShopCount {
  readonly tasks: number;
  readonly approved: number;
  readonly rejected: number;
  /** Calls that ran as a person had changed them. */
  readonly edited: number;
  readonly denied: number;
  /** Approvals refused because the world had changed. */
  readonly drift: number;
  /** Calls that a killed worker had begun and that came to a proper end. */
  readonly resumed: number;
  readonly halted: number;
  readonly journalsVerified: number;
  readonly seconds: number;
}

/** Everything that decides a figure but comes from elsewhere. */
export interface Counted {
  readonly shop: ShopCount;
  readonly journalsVerified: number;
}

/** Reads tasks, decisions and journal over HTTP and counts. */
export async function figuresOf(house: House, { shop, journalsVerified }: Counted): Promise<DemoFigures> {
  const client = house.as('service');
  const { tasks } = await client.tasks.list({ limit: 200 });
  const views = await Promise.all(tasks.map(({ task }) => client.tasks.get(task)));
  const operations = views.flatMap((view) => view.operations);
  const questions = [...new Set(operations.flatMap(({ escalation }) => escalation ?? []))];
  const decisions = (await Promise.all(questions.map((id) => client.escalations.get(id)))).flatMap(
    (view) => view.decisions,
  );
  const applied = (verb: EscalationView['decisions'][number]['verb']) =>
    decisions.filter((decision) => decision.verb === verb && decision.outcome === 'applied').length;
  const events: { type: string; body: Record<string, unknown> }[] = [];
  for await (const { type, body } of client.journal.all())
    events.push({ type, body: JSON.parse(body) as Record<string, unknown> }); // bodies are objects
  const { halts } = await client.halts.list({ state: 'all' });
  return {
    tasks: tasks.length,
    approved: applied('approve'),
    rejected: applied('reject'),
    edited: operations.filter((call) => call.generation > 1 && call.outcome === 'executed').length,
    denied: operations.filter((call) => call.outcome === 'denied').length,
    drift: events.filter(({ type, body }) => type === 'call-refused' && body['reason'] === 'drift').length,
    resumed: events.filter(
      ({ type, body }) =>
        type === 'call-resolved' || (type === 'call-executed' && Number(body['attempt']) > 1),
    ).length,
    halted: halts.length,
    ...shop,
    journalsVerified,
    seconds: Math.round(performance.now() / 100) / 10, // since this process began
  };
}

/** What the figures must be. */
export const WANTED = {
  tasks: 11,
  approved: 8,
  rejected: 2,
  edited: 2,
  denied: 1,
  drift: 1,
  resumed: 2,
  halted: 1,
  effects: 11,
  doubled: 0,
  lost: 0,
  journalsVerified: 11,
} as const satisfies Partial<DemoFigures>;
