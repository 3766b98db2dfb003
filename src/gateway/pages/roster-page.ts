import type { RosterView } from '../../contract/http-who.js';
import { nameInput, whyField, type Typed } from './decision-form.js';
import { html, verbatim, type Html } from './html.js';
import { page } from './layout.js';
import { time, type Reader } from './reader.js';
import { box, rosterForm } from './roster-forms.js';
import { fact } from './text.js';

type Role = RosterView['roles'][number];
type Standing = RosterView['delegations'][number];
type Options = { readonly notice?: Html; readonly typed?: Typed };

/** Who is in which role, who is away and who stands in, with what this reader may change of it. */
export function rosterPage(view: RosterView, reader: Reader, { notice, typed }: Options = {}): Html {
  const content = html`${notice ?? ''}
    <article class="details">
      <h1>Roster</h1>
      ${roles(view, reader, typed)}${absences(view, reader, typed)}${standIns(view, reader, typed)}
    </article>`;
  return page({ title: 'Roster', reader, at: 'roster', kind: 'roster-body' }, content);
}

function roles({ roles }: RosterView, reader: Reader, typed: Typed | undefined): Html {
  return html`<section class="part">
    <h2>Roles</h2>
    <dl class="facts">${roles.map((role) => fact(role.role, inRole(role)))}</dl>
    ${roles.filter(({ maySet }) => maySet).map((role) => membersForm(role, reader, typed))}
  </section>`;
}

function inRole({ members, from, backup, keptBy }: Role): Html {
  const notes = [
    ...from.map(({ issuer, claim, value }) => `By sign-in: whoever has ${value} in ${claim} at ${issuer}.`),
    ...(backup === null ? [] : [`Asked next: ${backup}.`]),
    keptBy === null ? 'Stands in the policy.' : `Kept here by ${keptBy}.`,
  ];
  const nobody = from.length === 0 ? 'nobody' : '';
  return html`<p>${members.join(', ') || nobody}</p>
    <p class="note">${notes.join(' ')}</p>`;
}

function membersForm({ role, members }: Role, reader: Reader, typed: Typed | undefined): Html {
  const kept = typed?.form === 'members' && typed.values.get('role') === role ? typed.values : undefined;
  const id = `members-${role}`;
  const hidden = { role, was: members.join(' ') };
  return box(
    `Set the members of ${role}`,
    kept !== undefined,
    rosterForm(reader, 'members', {
      hidden,
      button: 'Set the members',
      content: html`<p class="consequence">
          Whoever stands here may decide for ${role} from now on, and nobody else of it. The change is
          recorded with your name.
        </p>
        <p class="field">
          <label for="${id}">Members</label
          ><span class="hint" id="${id}-hint">One name a line; leave it empty for nobody.</span
          ><textarea id="${id}" name="members" rows="4" aria-describedby="${id}-hint">
${verbatim(kept?.get('members') ?? members.join('\n'))}</textarea>
        </p>`,
    }),
  );
}

function absences({ roles, absences }: RosterView, reader: Reader, typed: Typed | undefined): Html {
  const keeps = roles.filter(({ maySet }) => maySet);
  const lines = absences.map(
    ({ subject, from, until }) =>
      html`<li>
        ${subject}: ${from > reader.now ? html`from ${time(from, reader)} ` : ''}until ${time(until, reader)}
        ${subject === reader.subject || keeps.some(({ members }) => members.includes(subject)) ? back(subject, reader) : ''}
      </li>`,
  );
  return html`<section class="part">
    <h2>Away</h2>
    ${
      lines.length === 0
        ? html`<p>Nobody is away.</p>`
        : html`<ul>
            ${lines}
          </ul>`
    }
    ${absenceForm(reader, keeps.length > 0, typed?.form === 'absence' ? typed.values : undefined)}
  </section>`;
}

function back(subject: string, reader: Reader): Html {
  const button = subject === reader.subject ? 'I am back' : `${subject} is back`;
  return rosterForm(reader, 'back', { hidden: { subject }, button, content: '', small: true });
}

function absenceForm(
  reader: Reader,
  forOthers: boolean,
  kept: ReadonlyMap<string, string> | undefined,
): Html {
  const subject = kept?.get('subject') ?? reader.subject;
  return box(
    'Note that you are away',
    kept !== undefined,
    rosterForm(reader, 'absence', {
      hidden: forOthers ? {} : { subject: reader.subject },
      button: 'Note it',
      content: html`<p class="consequence">
          Questions go on to the next role while everybody of a role is away. It replaces what was noted
          before.
        </p>
        ${
          forOthers
            ? field('absence-subject', 'subject', 'Who', subject, 'You, or somebody of a role that you keep.')
            : ''
        }
        ${times('absence', kept)}`,
    }),
  );
}

function standIns({ roles, delegations }: RosterView, reader: Reader, typed: Typed | undefined): Html {
  const lines = delegations.map((one) => standIn(one, reader));
  const own = roles.filter(({ mayPassOn }) => mayPassOn).map(({ role }) => role);
  return html`<section class="part">
    <h2>In the stead of others</h2>
    ${
      lines.length === 0
        ? html`<p>Nobody stands in for anybody.</p>`
        : html`<ul>
            ${lines}
          </ul>`
    }
    ${own.length === 0 ? '' : delegationForm(own, reader, typed?.form === 'delegate' ? typed.values : undefined)}
  </section>`;
}

function standIn(one: Standing, reader: Reader): Html {
  const { delegation, by, to, role, escalation, from, until, why } = one;
  const what = role ?? html`<a class="whole" href="/review/${escalation}">${escalation}</a>`;
  const starts = from > reader.now ? html`from ${time(from, reader)} ` : '';
  const mine = by === reader.subject || to === reader.subject;
  return html`<li>
    <p><b>${to}</b> for ${by}: ${what}, ${starts}until ${time(until, reader)}</p>
    <p class="note">${why}</p>
    ${
      mine
        ? rosterForm(reader, 'revoke', {
            hidden: { delegation },
            button: `Take back: ${to} for ${by}, ${role ?? escalation ?? ''}`,
            content: '',
            small: true,
          })
        : ''
    }
  </li>`;
}

function delegationForm(
  own: readonly string[],
  reader: Reader,
  kept: ReadonlyMap<string, string> | undefined,
): Html {
  const chosen = kept?.get('role');
  return box(
    'Let somebody stand in for you',
    kept !== undefined,
    rosterForm(reader, 'delegate', {
      hidden: { key: `${reader.formKey}.delegate` },
      button: 'Let them stand in',
      content: html`<p class="consequence">
          They decide for this role on your behalf, with no more authority than you have, for 30 days at most;
          both names are recorded.
        </p>
        <p class="field">
          <label for="delegate-role">Role</label
          ><select id="delegate-role" name="role">
            ${own.map((role) => html`<option value="${role}" ${role === chosen ? html` selected` : ''}>${role}</option>`)}
          </select>
        </p>
        ${field('delegate-to', 'to', 'Who', kept?.get('to') ?? '', 'Somebody whom the policy or this roster names in a role.')}
        ${times('delegate', kept)} ${whyField({ id: 'delegate', verb: 'extend' }, kept ?? new Map())}`,
    }),
  );
}

function field(id: string, name: string, label: string, value: string, hint: string): Html {
  return html`<p class="field">
    <label for="${id}">${label}</label
    ><span class="hint" id="${id}-hint">${hint}</span>${nameInput(id, name, value)}
  </p>`;
}

function times(id: string, kept: ReadonlyMap<string, string> | undefined): Html {
  const when = (name: 'from' | 'until', label: string, required: boolean) =>
    html`<p class="field">
      <label for="${id}-${name}">${label}</label
      ><input
        id="${id}-${name}"
        name="${name}"
        type="datetime-local"
        value="${verbatim(kept?.get(name) ?? '')}"
        ${required ? html` required` : ''}
      />
    </p>`;
  return html`${when('from', 'From (UTC; empty: now)', false)}${when('until', 'Until (UTC)', true)}`;
}
