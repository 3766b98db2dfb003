import { html, type Html } from './html.js';
import { notice, page, tokenField } from './layout.js';
import type { Reader } from './reader.js';

/** The reader's own settings: zone and keys, kept in the browser. */
export function settingsPage(reader: Reader, saved: boolean): Html {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
  const content = html`${saved ? notice('good', 'Saved', html`<p>For this browser.</p>`) : ''}
    <h1>Settings</h1>
    <form class="settings" method="post" action="/settings">
      ${tokenField(reader)}
      <p class="field">
        <label for="zone">Time zone</label
        ><span class="hint" id="zone-hint">Times are shown in UTC and in this zone.</span
        ><select id="zone" name="zone" aria-describedby="zone-hint">
          ${zones.map(
            (zone) =>
              html`<option value="${zone}" ${zone === reader.zone ? html` selected` : ''}>${zone}</option>`,
          )}
        </select>
      </p>
      <p class="field">
        <label for="keys">Single keys</label
        ><span class="hint" id="keys-hint"
          >j and k move, Enter opens; on a question d and then a letter goes to an answer. No key decides by
          itself.</span
        ><select id="keys" name="keys" aria-describedby="keys-hint">
          <option value="on" ${reader.keys ? html` selected` : ''}>On</option>
          <option value="off" ${reader.keys ? '' : html` selected`}>Off</option>
        </select>
      </p>
      <button class="plain">Save</button>
    </form>`;
  return page({ title: 'Settings', reader, at: 'settings', kind: 'settings-body' }, content);
}
