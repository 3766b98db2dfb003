import type { Identity } from '../../domain/identity.js';
import { FORM_TOKEN } from '../form.js';
import { html } from './html.js';
import { plainPage } from './plain-page.js';

/** How to sign in; `provider` is where, null = by a link alone. */
export function howPage(provider: { readonly host: string; readonly path: string } | null, stepUp: boolean) {
  const title = stepUp ? 'Sign in again' : 'Sign in';
  const why = stepUp ? html`<p>What you want to decide takes a fresh proof of who you are.</p>` : '';
  if (provider !== null)
    return plainPage(
      title,
      html`${why}
        <p><a class="button" href="${provider.path}">Sign in with ${provider.host}</a></p>`,
    );
  return plainPage(
    title,
    html`${why}
      <p>Ask whoever runs Countersign for a link, or make one yourself where it runs:</p>
      <p><code>countersign sign-in-link YOUR-NAME</code></p>`,
  );
}

/** Who is signed in, and the way out. */
export function signedInPage(subject: string, token: string) {
  return plainPage(
    'Signed in',
    html`<p>You are signed in as <strong>${subject}</strong>. <a href="/">Go on</a></p>
      <form method="post" action="/sign-out">
        <input type="hidden" name="${FORM_TOKEN}" value="${token}" />
        <button>Sign out</button>
      </form>`,
  );
}

/** What a sign-in link opens; the script keeps a second click from using the link up. */
export function linkPage(subject: string, path: string) {
  return plainPage(
    'Sign in',
    html`<form method="post" action="${path}">
      <button>Sign in as ${subject}</button>
    </form>`,
    { scripted: true },
  );
}

/** A link that signs nobody in; whoever clicked it twice goes on to `goOn`. */
export function linkOverPage(goOn: string) {
  return plainPage(
    'This link is over',
    html`<p>If you have just used it yourself, you are signed in: <a href="${goOn}">go on</a>.</p>
      <p>
        It is good for ten minutes and for one use. Make a new one:
        <code>countersign sign-in-link YOUR-NAME</code>
      </p>`,
  );
}

/** A sign-in at the identity provider that did not work, and `again`, the way to try; nothing of what was wrong. */
export function failedPage(reason: 'over' | 'no-answer' | 'untrusted', again: string) {
  const told = {
    over: 'This sign-in took too long, or has ended already.',
    'no-answer': 'The identity provider does not answer.',
    untrusted: 'The identity provider gave no answer that can be trusted.',
  };
  return plainPage(
    'You are not signed in',
    html`<p>
      ${told[reason]} <a href="${again}">Try again</a>; if it stays so, tell whoever runs Countersign.
    </p>`,
  );
}

/** Somebody whom the provider knows and the policy does not. */
export function noRolePage({ subject, issuer }: Identity) {
  return plainPage(
    'You have no role here',
    html`<p>
      You signed in at ${issuer}, as ${subject}, and the policy gives nobody of the kind a role. Whoever owns
      the policy can: by
      <code>people</code>, or by a role's <code>from</code>.
    </p>`,
  );
}

/** Whether a terminal may act as whoever is signed in. */
export function terminalPage(subject: string, fields: Readonly<Record<string, string>>) {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return plainPage(
    'Allow this terminal?',
    html`<p>
        A terminal on this machine wants to act as <strong>${subject}</strong> until twelve hours after you
        signed in here. Allow it only if you have just typed <code>countersign login</code> yourself.
      </p>
      <form method="post" action="/terminal">
        ${hidden}
        <button>Allow this terminal to act as ${subject}</button>
      </form>`,
  );
}
