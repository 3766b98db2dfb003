import type { Shop } from '../../examples/support/shop.js';
import type { Ticket } from '../../examples/support/tickets.js';
import type {
  DecisionReceipt,
  DecisionRequest,
  EscalationView,
  InboxItem,
  ResultView,
  SubmitRequest,
} from '../../src/contract/http.js';
import { CountersignError } from '../../src/domain/errors.js';
import type { House } from './house.js';
import type { Story } from './story.js';
import { until } from './until.js';

/** What every part of the demonstration works with. */
export interface Scene {
  readonly house: House;
  readonly shop: Shop;
  readonly story: Story;
  /** Questions that were told already. */
  readonly told: Set<string>;
  /** Notes what should hold; what does not is told at the end and makes the demonstration fail. */
  readonly expect: (what: string, actual: unknown, wanted: unknown) => void;
}

/** Hands a ticket to the agent, as the shop's own program. */
export async function submit({ house, story }: Scene, ticket: Ticket): Promise<void> {
  story.line('customer', ticket.goal);
  await house.as('service').tasks.submit(ticket as unknown as SubmitRequest); // a task name is branded there; the gateway checks it
}

/** Waits until a question about the ticket that was not told yet is on a person's desk, reads it and tells it. */
export async function asked(
  { house, story, told }: Scene,
  person: string,
  ticket: Ticket,
): Promise<EscalationView> {
  const client = house.as(person);
  const found = await until(`${person} to be asked about ${ticket.task}`, async () => {
    const { escalations } = await client.escalations.list({ limit: 100 });
    return escalations.find((item) => item.task === ticket.task && !told.has(nameOf(item)));
  });
  told.add(nameOf(found));
  const view = await client.escalations.get(found.escalation);
  const { brief } = view;
  const because = brief.fired.filter((fired) => fired.level === 'approve').map((fired) => fired.rule);
  story.line(person, `is asked as ${view.role}: ${brief.proposal}?`);
  story.line('', `because of ${because.join(', ')}`);
  if (view.version > 1) story.line('', brief.reason);
  for (const { field, before, after } of brief.diff) story.line('', `${field}: ${before} -> ${after}`);
  if (brief.flags.length > 0) story.line('', `the gate warns: ${brief.flags.join(', ')}`);
  if (brief.agentText !== null) story.line('', `the agent says, unverified: "${brief.agentText}"`);
  return view;
}

/** Another round, or another role, is another asking. */
const nameOf = ({ escalation, version, role }: InboxItem) => `${escalation} ${version} ${role}`;

type Said = Omit<DecisionRequest, 'digest' | 'version'>;

/** Decides as a person with a token of their own. */
export async function decide(
  scene: Scene,
  person: string,
  view: EscalationView,
  said: Said,
): Promise<DecisionReceipt> {
  scene.story.line(person, `${said.decision}: "${said.why}"`);
  const { digest, version } = view;
  return scene.house.as(person).escalations.decide(view.escalation, { ...said, digest, version });
}

/** Decides, and expects to be refused with this code. */
export async function decideInVain(
  scene: Scene,
  person: string,
  view: EscalationView,
  said: Said,
  code: string,
): Promise<void> {
  const refused: unknown = await decide(scene, person, view, said).catch((error: unknown) => error);
  const refusal = refused instanceof CountersignError ? refused : undefined;
  scene.story.line('gate', refusal ? `refuses: ${refusal.message}` : 'takes it, and should not');
  scene.expect(`${person}'s ${said.decision} on ${view.escalation} is refused`, refusal?.code, code);
}

/** Waits for the end of a ticket's task and tells it. */
export async function ended(scene: Scene, ticket: Ticket, timeoutMs = 40_000): Promise<ResultView> {
  const client = scene.house.as('service');
  const closed = async () => {
    const seen = await client.tasks.result(ticket.task, { waitSeconds: 5 });
    return seen.state === 'COMPLETED' || seen.state === 'FAILED' ? seen : undefined;
  };
  const result = await until(`the end of ${ticket.task}`, closed, { timeoutMs }).catch(
    async (error: unknown) => {
      const { state, waitsFor } = await client.tasks.get(ticket.task);
      const open = waitsFor.map(
        ({ escalation, role, reason }) => `${escalation} (${role}, ${reason ?? 'first asking'})`,
      );
      throw new Error(`${String(error)}: it is ${state} and waits for ${open.join(', ') || 'nobody'}`);
    },
  );
  const newest = new Map(result.results.map((call) => [call.operation, call])); // generations come in order
  const calls = [...newest.values()].map(({ tool, outcome }) => `${tool} ${outcome}`);
  scene.story.line('gate', `${result.state.toLowerCase()}: ${calls.join(', ')}`);
  scene.expect(`${ticket.task} is completed`, result.state, 'COMPLETED');
  return result;
}
