import type { EscalationView } from '../../src/contract/http.js';
import type { DecisionId } from '../../src/domain/ids.js';
import { changePage, largeFormPage } from '../../src/gateway/pages/edit-page.js';
import { historyPage } from '../../src/gateway/pages/history-page.js';
import { html, type Html } from '../../src/gateway/pages/html.js';
import { inboxPage } from '../../src/gateway/pages/inbox-page.js';
import { notice } from '../../src/gateway/pages/layout.js';
import { receiptNotice, refusalNotice } from '../../src/gateway/pages/notices.js';
import { problemPage, sendAgain } from '../../src/gateway/pages/problem-page.js';
import { reviewPage } from '../../src/gateway/pages/review-page.js';
import { rosterPage } from '../../src/gateway/pages/roster-page.js';
import { schemaFields } from '../../src/gateway/pages/schema-form.js';
import { settingsPage } from '../../src/gateway/pages/settings-page.js';
import {
  failedPage,
  howPage,
  linkOverPage,
  linkPage,
  noRolePage,
  signedInPage,
  terminalPage,
} from '../../src/gateway/pages/sign-in-views.js';
import { taskPage } from '../../src/gateway/pages/task-page.js';
import { editDiff } from '../../src/gateway/pages/value-diff.js';
import { NOW } from './brief-input.js';
import { aReader, aRoster, aTask, aView, someDecisions, someItems } from './page-views.js';

const reader = aReader();
const asked = {
  role: undefined,
  state: 'open',
  roles: ['support_supervisor', 'support_director'],
  cursor: undefined,
} as const;
const typed = {
  form: 'reject',
  values: new Map([
    ['decision', 'reject'],
    ['why', 'The parcel was delivered on 14 November.'],
  ]),
};

/** Every page in every state that people meet, by name: for the pictures, and for tests that look at all of them. */
export function gallery(): Readonly<Record<string, Html>> {
  return {
    inbox: inboxPage({ escalations: [...someItems()], next: 'abc' }, reader, asked),
    'inbox-empty': inboxPage({ escalations: [], next: null }, reader, asked),
    ...reviews(),
    ...forms(),
    task: taskPage(aTask(), reader),
    history: historyPage(someDecisions(), 'abc', reader),
    settings: settingsPage(reader, true),
    ...signIns(),
    roster: rosterPage(aRoster(), reader),
    'roster-empty': rosterPage({ roles: [], absences: [], delegations: [] }, reader),
    'roster-wrong': rosterPage(aRoster(), reader, {
      notice: notice('bad', 'Something in the form does not fit', html`<p>Nothing was changed.</p>`),
      typed: { form: 'delegate', values: new Map([['to', 'nobody']]) },
    }),
    'not-found': problemPage(reader, {
      code: 'not-found',
      detail: 'There is nothing here that you may see. Check the address, and as whom you are signed in.',
    }),
    'signed-out': problemPage(
      null,
      { code: 'unauthenticated', detail: 'Your session is over, so nothing was sent.' },
      html`<p><a class="button" href="/sign-in">Sign in in another tab</a></p>
        ${sendAgain('/review/t-1:1', typed, '', 'I have signed in: send it again')}`,
    ),
  };
}

function reviews(): Readonly<Record<string, Html>> {
  const stale = aView({ version: 2, brief: { reason: 'drift', round: 2 } });
  const done = aView({
    state: 'approved',
    mayDo: [],
    mayNot: 'It is closed: approved.',
    decisions: [
      {
        decision: 'd-1' as DecisionId,
        verb: 'approve',
        by: 'amira',
        onBehalfOf: null,
        at: NOW,
        version: 1,
        outcome: 'applied',
      },
    ],
  });
  const receipt = receiptNotice(done, reader, 'd-1');
  return {
    review: reviewPage(aView(), reader),
    'review-folded': reviewPage(aView({ brief: { args: folded() } }), reader),
    'review-full': reviewPage(aView({ brief: { args: folded() } }), reader, { full: true }),
    'review-urgent': reviewPage(aView({ answerBy: NOW + 9 * 60_000, brief: hostile() }), reader),
    'review-confirmation': reviewPage(
      aView({
        kind: 'confirmation',
        mayDo: ['approve', 'reject'],
        brief: { verdict: { ...aViewVerdict(), tier: 2 } },
      }),
      reader,
    ),
    'review-unknown': reviewPage(
      aView({ kind: 'resolution', mayDo: ['resolve'], brief: { reason: 'unknown' } }),
      reader,
    ),
    'review-halted': reviewPage(
      aView({
        halt: 'h-1' as EscalationView['halt'],
        mayDo: [],
        mayNot: 'A halt is in force: nobody can decide before it is lifted.',
      }),
      reader,
    ),
    'review-done': reviewPage(done, reader, receipt ? { notice: receipt } : {}),
    'review-stale': reviewPage(stale, reader, {
      typed,
      notice: refusalNotice(stale, reader, {
        code: 'stale',
        detail: 'The question has changed since you looked: read it again before you decide.',
        extra: {},
      }),
    }),
  };
}

function aViewVerdict() {
  return {
    level: 'soft',
    tier: 4,
    fired: [],
    ladder: { rungs: [{ role: 'support_supervisor', ttlMs: 1, remindAfterMs: null }], fallback: 'deny' },
    reservations: [],
    validityMs: 1,
    extendByMs: 1,
    policyHash: `sha256:${'a'.repeat(64)}` as EscalationView['digest'],
    policyVersion: '1',
  } as const;
}

function folded() {
  return {
    orderId: '1182',
    amountCents: 24_000,
    note: 'The customer wrote three times. '.repeat(12),
    currency: 'USD',
  };
}

function hostile() {
  return {
    args: { orderId: '1182', file: 'report\u202Etxt.exe', note: '<script>alert(1)</script>' },
    agentText: 'URGENT!!! Approve now or else. <img src=x onerror=alert(1)> [click](javascript:alert(1))',
  };
}

/** A tool's schema with one member of each kind. */
export const SCHEMA = {
  type: 'object',
  properties: {
    orderId: { type: 'string', description: 'The order.' },
    amountCents: {
      type: 'integer',
      exclusiveMinimum: 0,
      maximum: 9007199254740991,
      description: 'In cents.',
    },
    currency: { type: 'string', enum: ['USD', 'EUR'] },
    reason: { type: 'string' },
    notify: { type: 'boolean' },
    key: { type: 'string', 'x-secret': true },
    payee: {
      type: 'object',
      properties: { name: { type: 'string' }, account: { type: 'string' } },
      required: ['name', 'account'],
    },
    lines: { type: 'array', items: { type: 'string' } },
  },
  required: ['orderId', 'amountCents', 'currency', 'reason', 'notify', 'payee'],
} as const;

function forms(): Readonly<Record<string, Html>> {
  const view = aView();
  const fields = schemaFields(SCHEMA, view.brief.fullArguments);
  const [, amount] = fields;
  const edited = { ...(view.brief.fullArguments as Record<string, never>), amountCents: 20_000 }; // an object, see page-views.ts
  return {
    edit: largeFormPage(view, reader, { verb: 'edit', fields, problems: [] }),
    'edit-wrong': largeFormPage(view, reader, {
      verb: 'edit',
      fields,
      problems: [{ name: amount?.name ?? '', what: 'This must be a whole number.' }],
      typed: { form: 'edit', values: new Map([[amount?.name ?? '', '20 dollars']]) },
    }),
    change: changePage(view, reader, {
      changes: editDiff({ before: view.brief.fullArguments, after: edited }),
      edits: '{}',
    }),
    'take-over': largeFormPage(view, reader, { verb: 'take-over', fields: [], problems: [] }),
  };
}

function signIns(): Readonly<Record<string, Html>> {
  const provider = { host: 'id.example.com', path: '/sign-in/oidc?then=%2Finbox' };
  return {
    'sign-in': howPage(provider, false),
    'sign-in-without-provider': howPage(null, false),
    'sign-in-again': howPage(provider, true),
    'sign-in-link': linkPage('amira', '/sign-in/once/x'),
    'sign-in-link-over': linkOverPage('/'),
    'sign-in-failed': failedPage('no-answer', '/sign-in'),
    'sign-in-no-role': noRolePage({ subject: 'oidc~00u7', issuer: 'https://id.example.com', claims: null }),
    'signed-in': signedInPage('amira', 'token'),
    terminal: terminalPage('amira', { code: 'x' }),
  };
}
