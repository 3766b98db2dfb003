import { tickets } from '../../examples/support/tickets.js';
import { asked, decide, decideInVain, ended, submit, type Scene } from './scene.js';

/** Low risk, within every limit: nobody is asked. */
export async function nothingToAsk(scene: Scene): Promise<void> {
  scene.story.chapter('A look, a draft, a small voucher: nobody needs to be asked');
  await submit(scene, tickets.parcel);
  const { results } = await ended(scene, tickets.parcel);
  const outcomes = results.map(({ outcome }) => outcome);
  scene.expect('the calls about the parcel', outcomes, ['executed', 'executed', 'executed']);
}

/** A refund cannot be undone: a person approves it, and then the mail about it. */
export async function approved(scene: Scene): Promise<void> {
  const { grinder } = tickets;
  scene.story.chapter('A refund, then a mail: asked, approved, run once');
  await submit(scene, grinder);
  const refund = await asked(scene, 'amira', grinder);
  await decide(scene, 'amira', refund, { decision: 'approve', why: 'the photos show the crack' });
  const mail = await asked(scene, 'joon', grinder);
  await decide(scene, 'joon', mail, { decision: 'approve', why: 'right address, right amount' });
  await ended(scene, grinder);
}

/** What supervisors do not decide goes to the people of finance. */
export async function rightPerson(scene: Scene): Promise<void> {
  const { office } = tickets;
  scene.story.chapter('A large refund: another rule, other people');
  await submit(scene, office);
  const refund = await asked(scene, 'ines', office);
  await decideInVain(scene, 'amira', refund, { decision: 'approve', why: 'looks fine to me' }, 'forbidden');
  await decide(scene, 'ines', refund, { decision: 'approve', why: 'agreed with Ben on the phone' });
  await ended(scene, office);
}

/** A rejection goes back to the agent with its reason; what it proposes then is asked about anew. */
export async function rejected(scene: Scene): Promise<void> {
  const { chairs } = tickets;
  scene.story.chapter('Too much, and pressing words: rejected, planned anew, approved');
  await submit(scene, chairs);
  const whole = await asked(scene, 'joon', chairs);
  await decide(scene, 'joon', whole, { decision: 'reject', why: 'only one of two chairs is scratched' });
  const half = await asked(scene, 'joon', chairs);
  await decide(scene, 'joon', half, { decision: 'approve', why: 'half the price for half the chairs' });
  await ended(scene, chairs);
}

/** Below tier 4, whoever lowers the amount may let it run. */
export async function edited(scene: Scene): Promise<void> {
  const { rug } = tickets;
  scene.story.chapter('A voucher above the limit: edited, and run as edited');
  await submit(scene, rug);
  const voucher = await asked(scene, 'joon', rug);
  const edits = { orderId: '1204', amountCents: 8_000, currency: 'USD' };
  await decide(scene, 'joon', voucher, {
    decision: 'edit',
    why: 'USD 80 is what we give for three weeks',
    edits,
  });
  await ended(scene, rug);
}

/** What cannot be undone is never run on the word of whoever wrote it: an edit of tier 4 takes a second person. */
export async function editedByTwo(scene: Scene): Promise<void> {
  const { lamp } = tickets;
  scene.story.chapter('A refund edited: what cannot be undone takes a second person');
  await submit(scene, lamp);
  const whole = await asked(scene, 'amira', lamp);
  const edits = { orderId: '1211', amountCents: 9_000, currency: 'USD' };
  await decide(scene, 'amira', whole, { decision: 'edit', why: 'half for a dent', edits });
  const half = await asked(scene, 'joon', lamp);
  await decideInVain(scene, 'amira', half, { decision: 'approve', why: 'as I said' }, 'forbidden');
  await decide(scene, 'joon', half, { decision: 'approve', why: 'half is fair' });
  await ended(scene, lamp);
}

/** Approvals are about the world as it was shown: if that changed, nothing runs and people look again. */
export async function drifted(scene: Scene): Promise<void> {
  const { clock } = tickets;
  scene.story.chapter('The order changes between asking and approving: nothing runs');
  await submit(scene, clock);
  const refund = await asked(scene, 'amira', clock);
  scene.story.line('clerk', 'refunds the same order by hand, in the shop itself');
  await scene.shop.query(
    `update shop.orders set refunded_cents = total_cents, revision = revision + 1, updated_at = now() where id = '1230'`,
  );
  await decide(scene, 'amira', refund, { decision: 'approve', why: 'the clock was sent back' });
  const again = await asked(scene, 'amira', clock);
  await decide(scene, 'amira', again, { decision: 'reject', why: 'it has been refunded already' });
  await ended(scene, clock);
}

/** Hands in the mail of a stranger that nobody will answer; `silenceEnds` tells what became of it. */
export async function silenceBegins(scene: Scene): Promise<void> {
  scene.story.chapter('A mail from a stranger: asked, and nobody answers (more below)');
  await submit(scene, tickets.address);
  await asked(scene, 'amira', tickets.address);
}

/** Silence is no approval: the backup is asked, and after that the call is denied. */
export async function silenceEnds(scene: Scene): Promise<void> {
  const { address } = tickets;
  scene.story.chapter('The stranger again: the backup was asked too, and silence means no');
  const { results } = await ended(scene, address);
  scene.expect(
    'the change of address',
    results.map(({ outcome }) => outcome),
    ['denied'],
  );
  const entries = scene.house.as('service').journal.all({ task: address.task });
  const roles: string[] = [];
  for await (const { type, body } of entries) if (type === 'asked') roles.push(roleOf(body));
  scene.story.line('journal', `asked: ${roles.join(', then ')}`);
  scene.expect('the roles asked about the address', roles, ['support_supervisor', 'support_director']);
}

function roleOf(body: string): string {
  const { role }: { role?: unknown } = JSON.parse(body);
  return String(role);
}
