import { buildBrief, briefDigest, type BriefInput } from '../../src/contract/brief.js';
import type { EscalationView, InboxItem, TaskView } from '../../src/contract/http.js';
import type { RosterView } from '../../src/contract/http-who.js';
import type { DecisionId, EscalationId, TaskId } from '../../src/domain/ids.js';
import type { Reader } from '../../src/gateway/pages/reader.js';
import type { OwnDecision } from '../../src/store/own-decisions.js';
import { aBriefInput, HOUR, NOW } from './brief-input.js';

/** Whoever reads the pages of tests and pictures. */
export function aReader(change: Partial<Reader> = {}): Reader {
  return {
    subject: 'amira',
    now: NOW,
    zone: 'Europe/Berlin',
    keys: true,
    formToken: 'a-form-token',
    formKey: 'a-form-key',
    ...change,
  };
}

const DIGEST = `sha256:${'5'.repeat(64)}`;
const ALL: EscalationView['mayDo'] = [
  'approve',
  'reject',
  'edit',
  'respond',
  'take-over',
  'escalate',
  'hold',
  'extend',
];

/** A question as its reviewer sees it; `brief` changes what it is made of. */
export function aView(
  change: Partial<Omit<EscalationView, 'brief'>> & { readonly brief?: Partial<BriefInput> } = {},
): EscalationView {
  const { brief: input, ...rest } = change;
  const kind = rest.kind ?? 'approval';
  const brief = buildBrief(aBriefInput({ ...support(), kind, ...input }));
  return {
    escalation: brief.escalation,
    state: 'PAUSED_PENDING_HUMAN',
    kind,
    brief: brief as EscalationView['brief'], // readonly in the domain, mutable as zod infers it
    briefDigest: briefDigest(brief),
    digest: DIGEST,
    version: brief.round,
    role: 'support_supervisor',
    askedAt: NOW - HOUR,
    answerBy: NOW + 3 * HOUR + 20 * 60_000,
    extendableUntil: NOW + 27 * HOUR,
    nextRole: null,
    outcome: null,
    halt: null,
    quorum: 1,
    claimedBy: null,
    claimedUntil: null,
    mayDo: ALL,
    mayNot: null,
    decisions: [],
    ...rest,
  } as EscalationView; // ids of tests are plain texts
}

function support(): Partial<BriefInput> {
  const base = aBriefInput();
  return {
    args: {
      orderId: '1182',
      amountCents: 24_000,
      currency: 'USD',
      reason: 'lost_in_transit',
      notify: true,
      payee: { name: 'Mia Brandt', account: 'card ending 4242' },
    },
    agentQuestion: 'Should the shipping fee be refunded as well?',
    agentText:
      'The parcel was scanned in Leipzig on 12 November and never again. The customer deserves $240, this was pre-approved.\nSee https://shop.example.com@refunds.example.net/approve for the case.',
    request: 'My parcel never came, I want my 240 dollars back.\nOrder 1182, ordered on 2 November.',
    preview: {
      diff: [
        { field: 'refunded', before: 'USD 0.00', after: 'USD 240.00' },
        { field: 'status', before: 'shipped', after: 'refunded' },
      ],
      evidence: [
        { what: 'parcel marked lost', source: 'carrier', at: NOW - 2 * HOUR },
        { what: 'paid USD 240.00', source: 'shop', at: NOW - 19 * 24 * HOUR },
      ],
      alternatives: ['Send a replacement: issue_replacement'],
      unknowns: ['whether the carrier pays'],
    },
    verdict: {
      ...base.verdict,
      fired: [
        ...base.verdict.fired,
        {
          rule: 'low-confidence',
          trigger: 'confidence',
          level: 'approve',
          values: { 'readings.confidence': 0.61 },
        },
      ],
    },
  };
}

/** A list of questions, the most pressing first. */
export function someItems(): readonly InboxItem[] {
  const item = (n: number, change: Partial<InboxItem>): InboxItem => ({
    escalation: `t-${n}:1` as EscalationId, // test data
    task: `t-${n}` as TaskId, // test data
    agent: 'support',
    tool: 'issue_refund',
    tier: 4,
    role: 'support_supervisor',
    kind: 'approval',
    proposal: 'Refund USD 240.00 on order 1182',
    flags: [],
    version: 1,
    askedAt: NOW - HOUR,
    answerBy: NOW + 3 * HOUR,
    state: 'PAUSED_PENDING_HUMAN',
    quorum: 1,
    claimedBy: null,
    claimedUntil: null,
    ...change,
  });
  return [
    item(1, { answerBy: NOW + 9 * 60_000, flags: ['pressure-language', 'number-mismatch'] }),
    item(2, { answerBy: NOW + 64 * 60_000, tier: 3, proposal: 'Mail the delivery date to mia@example.com' }),
    item(3, {
      answerBy: NOW + 5 * HOUR,
      tier: 2,
      kind: 'confirmation',
      proposal: 'Reserve 3 pieces of lamp L-20 for order 1190',
    }),
    item(4, {
      answerBy: NOW + 30 * HOUR,
      kind: 'resolution',
      proposal: 'Refund USD 1,310.50 on order 1040, in two parts, to the card that it was paid with',
    }),
    item(5, {
      answerBy: NOW + 90 * HOUR,
      tier: 1,
      kind: 'stop',
      proposal: 'Look up the addresses of all customers in Leipzig',
    }),
    item(6, {
      answerBy: null,
      kind: 'hand-over',
      proposal: 'Answer the complaint of order 998',
      role: 'support_director',
    }),
  ];
}

/** A task that waits. */
export function aTask(change: Partial<TaskView> = {}): TaskView {
  const call = (operation: number, rest: Partial<TaskView['operations'][number]>) => ({
    operation,
    generation: 1,
    tool: 'get_order',
    tier: 1 as const,
    status: 'done',
    outcome: 'executed',
    escalation: null,
    proposal: null,
    at: NOW - HOUR,
    ...rest,
  });
  return {
    task: 't-1',
    tenant: 'acme',
    agent: 'support',
    requester: 'mia',
    goal: 'My parcel never came, I want my 240 dollars back.\nOrder 1182, ordered on 2 November.',
    deadline: NOW + 48 * HOUR,
    state: 'PAUSED_PENDING_HUMAN',
    since: NOW - HOUR,
    submittedAt: NOW - 2 * HOUR,
    closedAt: null,
    reason: null,
    detail: null,
    halt: null,
    waitsFor: [
      {
        escalation: 't-1:2' as EscalationId,
        role: 'support_supervisor',
        answerBy: NOW + 3 * HOUR,
        reason: null,
      },
    ],
    operations: [
      call(1, {}),
      call(2, {
        tool: 'issue_refund',
        tier: 4,
        status: 'open',
        outcome: null,
        escalation: 't-1:2' as EscalationId,
        proposal: 'Refund USD 240.00 on order 1182',
      }),
    ],
    head: null,
    ...change,
  } as TaskView; // ids of tests are plain texts
}

/** What somebody decided before. */
export function someDecisions(): readonly OwnDecision[] {
  const decision = (n: number, change: Partial<OwnDecision>): OwnDecision => ({
    id: `d-${n}` as DecisionId, // test data
    task: `t-${n}` as TaskId, // test data
    operation: 1,
    round: 1,
    verb: 'approve',
    why: 'The carrier confirms the loss.',
    at: NOW - n * HOUR,
    outcome: 'applied',
    outcomeCode: null,
    call: { status: 'done', errorCode: null },
    proposal: 'Refund USD 240.00 on order 1182',
    ...change,
  });
  return [
    decision(1, { outcome: null }),
    decision(2, {
      verb: 'reject',
      why: 'The parcel was delivered on 14 November.\nAsk the neighbour first.',
    }),
    decision(3, {
      verb: 'edit',
      outcome: 'refused',
      outcomeCode: 'already-decided',
      proposal: 'Refund USD 80.00 on order 1171',
    }),
  ];
}

/** Who is who, as the owner of a kept role sees it. */
export function aRoster(): RosterView {
  const role = (name: string, change: Partial<RosterView['roles'][number]>) => ({
    role: name,
    members: [],
    keptBy: null,
    from: [],
    backup: null,
    maySet: false,
    mayPassOn: false,
    ...change,
  });
  const issuer = 'https://id.example.com';
  return {
    roles: [
      role('support_supervisor', {
        members: ['amira', 'joon'],
        backup: 'support_director',
        mayPassOn: true,
      }),
      role('support_director', { from: [{ issuer, claim: 'groups', value: 'support-leads' }] }),
      role('night_desk', { members: ['tomas', 'zoe'], keptBy: 'support_supervisor', maySet: true }),
    ],
    absences: [
      { subject: 'amira', from: NOW + 24 * HOUR, until: NOW + 96 * HOUR },
      { subject: 'joon', from: NOW - HOUR, until: NOW + 48 * HOUR },
    ],
    delegations: [
      {
        delegation: 'del-1',
        by: 'amira',
        to: 'tomas',
        role: 'support_supervisor',
        escalation: null,
        from: NOW + 24 * HOUR,
        until: NOW + 96 * HOUR,
        why: 'On leave until Wednesday.',
        revokedAt: null,
      },
      {
        delegation: 'del-2',
        by: 'joon',
        to: 'zoe',
        role: null,
        escalation: 't-4:1' as EscalationId, // test data
        from: NOW - HOUR,
        until: NOW + 5 * HOUR,
        why: 'She knows the customer.',
        revokedAt: null,
      },
    ],
  };
}
