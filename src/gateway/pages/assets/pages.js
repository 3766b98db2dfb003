// Keys and freshness on top of pages that work without. No key decides: keys move, open, and go to a form.
const TWO_KEYS = { a: 'approve', r: 'reject', e: 'edit', s: 'respond', t: 'take-over', h: 'hold' };
const SECOND_KEY_MS = 1500;
const REFRESH_MS = 30_000;
const SENT_MS = 5_000;

const body = document.body;
const isOn = body.dataset.keys === 'on';
const loadedAt = Date.now();
let waitsForSecond = 0;

function say(text) {
  const live = document.getElementById('live');
  if (live !== null) live.textContent = text;
}

function isTyping(target) {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

function isPristine() {
  const fields = [...document.querySelectorAll('main textarea, main input:not([type=hidden])')];
  return fields.every((field) => field.value === field.defaultValue) && !isTyping(document.activeElement);
}

function move(step) {
  const links = [...document.querySelectorAll('.inbox .what a')];
  const at = links.indexOf(document.activeElement);
  const next =
    links[at === -1 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
  next?.focus();
}

function goTo(verb) {
  const form = document.querySelector(`[data-verb="${verb}"]`);
  if (form === null) return;
  const folded = form.closest('details');
  if (folded !== null) folded.open = true;
  const field = form.matches('a') ? form : form.querySelector('input:not([type=hidden]), select, textarea');
  field?.focus();
}

document.addEventListener('keydown', (event) => {
  if (!isOn || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const second = Date.now() - waitsForSecond < SECOND_KEY_MS;
  waitsForSecond = 0;
  if (second && TWO_KEYS[event.key] !== undefined) goTo(TWO_KEYS[event.key]);
  else if (event.key === 'd' && document.querySelector('.decide') !== null) waitsForSecond = Date.now();
  else if (event.key === 'j') move(1);
  else if (event.key === 'k') move(-1);
  else if (event.key === 'u' && body.classList.contains('review-body')) location.assign('/inbox');
  else return;
  event.preventDefault();
});

// A form is sent once: the server would answer a second click with the same receipt, but nobody should wonder.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent === 'yes') event.preventDefault();
  form.dataset.sent = 'yes';
  // Whoever stopped the browser, which tells no page, may send it again.
  setTimeout(() => delete form.dataset.sent, SENT_MS);
});
addEventListener('pageshow', (event) => {
  for (const form of document.forms) delete form.dataset.sent;
  if (event.persisted && isPristine()) location.reload();
});

// A page that renews itself says so in its address: only what a person does keeps a session alive.
const here = new URL(location.href);
if (here.searchParams.has('renewed')) {
  here.searchParams.delete('renewed');
  history.replaceState(null, '', here);
}
function renew() {
  here.searchParams.set('renewed', '1');
  history.replaceState(null, '', here);
  location.reload();
}

// What stands open from the start is no sign of somebody at work.
const openAtLoad = [...document.querySelectorAll('details[open]')];
function isAsLoaded() {
  const open = [...document.querySelectorAll('details[open]')];
  return open.length === openAtLoad.length && open.every((one) => openAtLoad.includes(one));
}

function refresh() {
  if (document.hidden || Date.now() - loadedAt < REFRESH_MS || !isPristine()) return;
  const lists = body.classList.contains('inbox-body') && document.activeElement === body;
  const question = body.classList.contains('review-body') && isAsLoaded();
  if (lists || (question && scrollY < 200 && document.activeElement === body)) renew();
}
if (!location.search.includes('done=') && document.querySelector('.notice') === null)
  setInterval(refresh, 5_000);

// A deadline that comes near while the page is open is said once.
const deadline = document.querySelector('.fold time[datetime]');
if (deadline !== null) {
  const leftMs = Date.parse(deadline.dateTime) - Date.now();
  const warn = (afterMs, text) => afterMs > 0 && afterMs < 86_400_000 && setTimeout(() => say(text), afterMs);
  warn(leftMs - 5 * 60_000, 'Five minutes are left to decide this.');
  warn(leftMs, 'The time to answer is over. Open the page again to see who is asked now.');
}

const zone = document.getElementById('zone');
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (
  zone !== null &&
  own !== undefined &&
  zone.value !== own &&
  [...zone.options].some(({ value }) => value === own)
) {
  const offer = document.createElement('button');
  offer.type = 'button';
  offer.className = 'quiet';
  offer.textContent = `Use the zone of this browser: ${own}`;
  offer.addEventListener('click', () => {
    zone.value = own;
    offer.remove();
  });
  zone.after(offer);
}

if (isOn) body.classList.add('with-keys');
