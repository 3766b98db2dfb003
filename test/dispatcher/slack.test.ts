import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackNotifier } from '../../src/activities/adapters/slack.js';
import { closeEnded } from '../../src/activities/endings.js';
import { startDispatcher } from '../../src/dispatcher/dispatcher.js';
import { TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { aNotice } from './a-notice.js';
import { CHANNEL, openScene, type Scene } from './scene.js';
import type { SlackAnswer } from './slack-server.js';

const SLACK = { channels: ['slack'] };
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const sendOne = (over: Parameters<typeof aNotice>[0] = {}, signal = AbortSignal.timeout(10_000)) =>
  scene.deps.notifiers[1]?.send(aNotice({ to: [CHANNEL], ...over }), signal);
const methods = () => scene.slack.calls.map(({ method }) => method);
/** Another worker, after the one before gave up what it was sending. */
const reopen = () => {
  scene.deps = { ...scene.deps, notifiers: [slackNotifier({ token: 'xoxb-test', url: scene.slack.url })] };
};
const decide = async (name: string, decision: 'approve' | 'reject') => {
  const task = await scene.ask(name, SLACK);
  await scene.send();
  const id = await scene.gate.decide(task, 'amira', {
    decision,
    ...(decision === 'reject' ? { code: 'wrong' } : {}),
  } as never); // as the HTTP edge gives it
  return { task, id };
};

describe('the Slack message of a question', () => {
  it('says title, tool, tier, role, deadline and id, and opens the review', async () => {
    await scene.ask('posted', SLACK);
    await scene.send();
    const [call] = scene.slack.calls;
    expect(call).toMatchObject({ method: 'chat.postMessage', token: 'xoxb-test' });
    const { channel, text, blocks, ...settings } = call?.body ?? {};
    expect([channel, text]).toEqual([CHANNEL, 'A decision is waiting: posted:1']);
    expect(settings).toEqual({
      mrkdwn: false,
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    });
    const [header, section, actions] = blocks;
    expect(header.text.text).toBe('A decision is waiting');
    expect(section.fields.map((field: { text: string }) => field.text)).toEqual([
      'Tier: 4',
      'Tool: pay',
      'Role: supervisor',
      expect.stringMatching(/^Deadline: \d{4}-\d\d-\d\d \d\d:\d\d UTC, in /),
      'Id: posted:1',
    ]);
    expect(actions.elements).toMatchObject([
      { type: 'button', text: { text: 'Open the review' }, url: 'https://gate.example.com/review/posted:1' },
    ]);
    expect(JSON.stringify(call?.body)).not.toMatch(
      /4200|42\.00|bob|iban|amira|rita|mrkdwn"[^:]|"type":"mrkdwn"/,
    );
  });

  it('names what to look at twice', async () => {
    await sendOne({ flags: ['bidi', 'pressure-language'] });
    expect(JSON.stringify(scene.slack.calls[0]?.body)).toContain('Look twice: bidi, pressure-language');
  });

  // Seen to fail: `<` left as it is.
  it('attack 12: attack 14: holds no mention, no link and no markup that came from outside', async () => {
    const tricks = '<!channel> <@U012> <http://evil.example|Approve> *bold* &lt; :tada: @here';
    await sendOne({ tool: tricks, role: tricks, about: tricks });
    const { text, blocks, ...settings } = scene.slack.calls[0]?.body ?? {};
    expect(JSON.stringify([text, blocks])).not.toMatch(/<[!@#h]/);
    expect(text).toContain(
      '&lt;!channel&gt; &lt;@U012&gt; &lt;http://evil.example|Approve&gt; *bold* &amp;lt;',
    );
    expect(settings).toMatchObject({ unfurl_links: false, unfurl_media: false, mrkdwn: false });
    const texts = JSON.stringify(blocks).match(/"type":"(plain_text|mrkdwn)","emoji":(true|false)/g) ?? [];
    expect(new Set(texts)).toEqual(new Set(['"type":"plain_text","emoji":false']));
  });
});

describe('the same message, once its question is over,', () => {
  // Seen to fail: a message that is told for ever.
  it('tells the outcome, once, and names nobody', async () => {
    const { task, id } = await decide('approved', 'approve');
    await scene.amend();
    expect(methods()).toEqual(['chat.postMessage']);
    await scene.gate.execute(task, [id]);
    await scene.amend();
    await scene.amend(3_600_000);
    expect(methods()).toEqual(['chat.postMessage', 'chat.update']);
    const { channel, ts, text, blocks } = scene.slack.calls[1]?.body ?? {};
    expect({ channel, ts, text }).toEqual({
      channel: CHANNEL,
      ts: '1531420618.000001',
      text: 'Approved: approved:1',
    });
    expect(JSON.stringify(blocks)).not.toMatch(/Deadline|amira|because/);
    expect(JSON.stringify(blocks)).toContain('/review/approved:1');
  });

  it.each([
    ['denied', 'Nobody answered: the action does not run'],
    ['rejected', 'Rejected'],
    ['task failed', 'The task is over'],
    ['<!channel>', 'Closed'],
  ])('that was closed as %s says so', async (as, said) => {
    await scene.ask('closed', SLACK);
    await scene.send();
    await scene.gate.database.query("update questions set status = 'closed', closed_as = $1", [as]);
    await scene.amend();
    expect(scene.slack.calls[1]?.body.text).toBe(`${said}: closed:1`);
  });

  // Seen to fail: a refused claim told as the end.
  it('waits where the question may be opened again', async () => {
    await scene.ask('refused', SLACK);
    await scene.send();
    await scene.gate.database.query("update questions set status = 'closed', closed_as = 'refused: drift'");
    await scene.amend();
    expect(methods()).toEqual(['chat.postMessage']);
    await scene.gate.ask('refused' as Parameters<typeof scene.gate.ask>[0], { round: 2 }); // a valid name
    await scene.amend();
    expect(methods()).toEqual(['chat.postMessage', 'chat.update']);
  });

  // Seen to fail: a later round waited for alone.
  it('waits no longer once the task is over', async () => {
    const task = await scene.ask('ended', SLACK);
    await scene.send();
    await scene.gate.database.query("update questions set status = 'closed', closed_as = 'refused: drift'");
    await closeEnded(scene.gate.deps, { tenant: TENANT, task }, 'CANCELED');
    await scene.amend();
    expect(scene.slack.calls[1]).toMatchObject({ method: 'chat.update', body: { text: 'Closed: ended:1' } });
  });

  // Seen to fail: a change that is tried for ever; one for good that is tried again.
  it.each<[string, SlackAnswer, number]>([
    ['a few times while Slack is down', { status: 500 }, 5],
    ['once when it is gone', { body: { ok: false, error: 'message_not_found' } }, 1],
  ])('is tried %s, then left', async (_name, answer, times) => {
    const { task, id } = await decide('left', 'approve');
    await scene.gate.execute(task, [id]);
    scene.slack.answers.push(...Array.from({ length: 9 }, () => answer));
    for (let look = 0; look < 9; look += 1) await scene.amend(look * 3_600_000);
    expect(methods().filter((method) => method === 'chat.update')).toHaveLength(times);
    expect(scene.logged.at(-1)).toMatchObject({ event: 'notice-not-amended', last: true });
  });

  it('is changed by the dispatcher by itself', async () => {
    const dispatcher = startDispatcher(scene.deps, { idleMs: 20, graceMs: 0 });
    const task = await scene.ask('by-itself', SLACK);
    await waitFor(() => (methods().length > 0 ? true : undefined));
    await scene.gate.execute(task, [await scene.gate.decide(task, 'amira', { decision: 'approve' })]);
    await waitFor(() => (methods().includes('chat.update') ? true : undefined));
    await dispatcher.stop();
    expect(methods()).toEqual(['chat.postMessage', 'chat.update']);
  });
});

describe('fault: Slack', () => {
  // Seen to fail: every error tried again.
  it.each(['channel_not_found', 'invalid_auth', 'is_archived', 'not_in_channel', 'something_new'])(
    'says %s with status 200: that is for good',
    async (error) => {
      const task = await scene.ask('for-good', SLACK);
      scene.slack.answers.push({ body: { ok: false, error } });
      await scene.send();
      expect(await scene.standing()).toEqual([{ channel: 'slack', as: error, attempts: 1 }]);
      expect(await scene.undeliveredOf(task)).toHaveLength(1);
      expect(scene.logged).toMatchObject([{ event: 'notice-failed', channel: 'slack', last: true, error }]);
    },
  );

  // Seen to fail: a redirect followed.
  it.each<[string, SlackAnswer, string]>([
    ['is down', { status: 503 }, 'http-503'],
    ['has an internal error', { body: { ok: false, error: 'internal_error' } }, 'internal_error'],
    ['lies: no JSON', { body: '<html>ok</html>' }, 'unreadable-answer'],
    ['lies: ok without a message', { body: { ok: true } }, 'unreadable-answer'],
    ['lies: a message that is none', { body: { ok: true, channel: '../x', ts: 'now' } }, 'unreadable-answer'],
    ['lies: an error that is a text', { body: { ok: false, error: 'no: <x>' } }, 'unreadable-answer'],
    ['lies: without end', { body: `"${'x'.repeat(2_000_000)}"` }, 'unreadable-answer'],
    ['sends elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }, 'http-302'],
  ])('%s: it is tried again', async (_name, answer, error) => {
    await scene.ask('again', SLACK);
    scene.slack.answers.push(answer);
    await scene.send();
    expect(await scene.standing()).toEqual([{ channel: 'slack', as: 'due', attempts: 1 }]);
    expect(scene.logged).toMatchObject([{ event: 'notice-failed', last: false, error }]);
    await scene.send(10_000);
    expect(await scene.standing()).toEqual([{ channel: 'slack', as: 'sent', attempts: 2 }]);
  });

  // Seen to fail: the pause waited out in the lane.
  it('asks for a pause: what goes to another channel does not wait for it', async () => {
    scene.slack.answers.push({ status: 429, headers: { 'retry-after': '15' } });
    expect(await Promise.allSettled([sendOne(), sendOne({ to: ['C0OTHER'] })])).toMatchObject([
      { status: 'rejected', reason: { code: 'ratelimited', retryAfterMs: 15_000 } },
      { status: 'fulfilled' },
    ]);
    expect(scene.slack.calls.map(({ body }) => body.channel)).toEqual([CHANNEL, 'C0OTHER']);
  });

  // Seen to fail: an attempt for whatever was leased.
  it('holds up a message until its time is over: what was never sent has all its attempts left', async () => {
    for (const name of ['hanging', 'behind', 'last']) await scene.ask(name, SLACK);
    const release = scene.slack.hold();
    const sending = scene.send();
    await waitFor(() => (methods().length > 0 ? true : undefined));
    scene.deps.notifiers[1]?.close();
    await sending;
    const [hanging, ...behind] = scene.logged;
    expect([hanging, behind]).toMatchObject([{ event: 'notice-failed', attempts: 1, last: false }, []]);
    expect((await scene.standing()).map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual([
      0, 0, 1,
    ]);
    release();
    reopen();
    await scene.send();
    expect((await scene.standing()).map(({ as }) => as).toSorted()).toEqual(['due', 'sent', 'sent']);
  });

  it('holds up a change until its time is over: the same', async () => {
    for (const name of ['one', 'two', 'three']) await scene.ask(name, SLACK);
    await scene.send();
    await scene.gate.database.query("update questions set status = 'closed', closed_as = 'denied'");
    const release = scene.slack.hold();
    const amending = scene.amend();
    await waitFor(() => (methods().includes('chat.update') ? true : undefined));
    scene.deps.notifiers[1]?.close();
    await amending;
    const tried = await scene.gate.database.query<{ amends: number }>(
      'select amends from outbox where sent_at is not null order by amends',
    );
    expect(tried.map(({ amends }) => amends)).toEqual([0, 0, 1]);
    release();
    reopen();
    await scene.amend();
    expect(methods().filter((method) => method === 'chat.update')).toHaveLength(3);
  });

  // Seen to fail: the pause of the outbox's own.
  it('asks for a long pause: nothing is sent before it is over', async () => {
    await scene.ask('later', SLACK);
    scene.slack.answers.push({ status: 429, headers: { 'retry-after': '300' } });
    await scene.send();
    await scene.send(290_000);
    expect(methods()).toHaveLength(1);
    await scene.send(310_000);
    expect(methods()).toHaveLength(2);
  });

  // Seen to fail: calls side by side.
  it('gets one call at a time', async () => {
    const release = scene.slack.hold();
    const sending = Promise.all([sendOne(), sendOne(), sendOne()]);
    await waitFor(() => (methods().length > 0 ? true : undefined));
    expect(methods()).toHaveLength(1);
    release();
    await sending;
    expect(methods()).toHaveLength(3);
  });

  it('does not answer: the message is given up in time, and mail goes on', async () => {
    scene.slack.hold();
    const over = new AbortController();
    const sending = Promise.allSettled([sendOne({}, over.signal)]);
    await waitFor(() => (methods().length > 0 ? true : undefined));
    await scene.ask('by-mail', { channels: ['mail'] });
    const dispatcher = startDispatcher(scene.deps, { idleMs: 20, graceMs: 0 });
    await scene.ask('hanging', SLACK);
    await waitFor(() => (scene.mail.mails.length > 0 ? true : undefined));
    over.abort();
    expect(await sending).toMatchObject([
      { status: 'rejected', reason: { name: 'NotTaken', permanent: false } },
    ]);
    await dispatcher.stop();
  });

  it('is not there at all: a fault that may pass, and the token is in no error', async () => {
    const notifier = slackNotifier({ token: 'xoxb-secret', url: 'http://127.0.0.1:9' });
    const error = await notifier
      .send(aNotice(), AbortSignal.timeout(5_000))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'NotTaken', permanent: false });
    expect(String((error as Error).stack)).not.toContain('xoxb-secret'); // it is one
  });
});
