import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/gateway/app.js';
import { isFromSlack, slackRoutes } from '../../src/gateway/hooks/slack.js';
import { openGate, type Gate } from './fixture.js';

/** The example of Slack's own documentation, verbatim. */
const VECTOR = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: '1531420618',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
};
const AT = 1_531_420_618_000;
const PRESSED = `payload=${encodeURIComponent(JSON.stringify({ type: 'block_actions', actions: [{ action_id: 'open' }] }))}`;
const FORM = 'application/x-www-form-urlencoded';

const bytes = (text: string) => new TextEncoder().encode(text);
const signed = (body: string, timestamp = VECTOR.timestamp, secret = VECTOR.secret) =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;

describe("a request's signature", () => {
  const { secret, timestamp, signature, body } = VECTOR;

  // Seen to fail: another version in the text that is signed.
  it('is what Slack documents', () => {
    expect(isFromSlack(secret, { timestamp, signature, body: bytes(body) }, AT)).toBe(true);
  });

  // Seen to fail: a bound of one direction.
  it.each([
    [299_999, true],
    [300_000, true],
    [300_001, false],
    [-300_000, true],
    [-300_001, false],
  ])('holds %i ms after its time: %s', (later, holds) => {
    expect(isFromSlack(secret, { timestamp, signature, body: bytes(body) }, AT + later)).toBe(holds);
  });

  it.each<[string, Partial<typeof VECTOR>]>([
    ['of another secret', { secret: `${secret}x` }],
    ['of another body', { body: `${body}&x=1` }],
    ['of another time', { timestamp: '1531420619' }],
    ['with a time that is no number', { timestamp: '1531420618 ' }],
    ['with two', { signature: `${signature}, ${signature}` }],
    ['of another version', { signature: signature.replace('v0', 'v1') }],
    ['in capitals', { signature: signature.toUpperCase().replace('V0', 'v0') }],
    ['that is cut', { signature: signature.slice(0, -2) }],
    ['that is none', { signature: '' }],
  ])('%s is refused', (_name, over) => {
    const request = { ...VECTOR, ...over };
    expect(isFromSlack(request.secret, { ...request, body: bytes(request.body) }, AT)).toBe(false);
  });
});

describe('POST /hooks/slack', () => {
  const routes = slackRoutes({ secret: VECTOR.secret, clock: () => AT });
  const post = async (body: string, over: Record<string, string> = {}) => {
    const headers = {
      'content-type': FORM,
      'x-slack-request-timestamp': VECTOR.timestamp,
      'x-slack-signature': signed(body),
      ...over,
    };
    const response = await routes.request('/hooks/slack', { method: 'POST', body, headers });
    return { status: response.status, text: await response.text() };
  };
  const REFUSED = { status: 401, text: '' };

  it('takes note of a pressed button', async () => {
    expect(await post(PRESSED)).toEqual({ status: 200, text: '' });
    expect(await post(PRESSED, { 'content-type': `${FORM}; charset=utf-8` })).toEqual({
      status: 200,
      text: '',
    });
  });

  // Seen to fail: any content type.
  it.each<[string, string, Record<string, string>]>([
    ['without a signature', PRESSED, { 'x-slack-signature': '' }],
    ['with another body', PRESSED, { 'x-slack-signature': signed('payload=%7B%7D') }],
    ['that is old', PRESSED, { 'x-slack-request-timestamp': '1531420000' }],
    ['of JSON', PRESSED, { 'content-type': 'application/json' }],
    ['of two types', PRESSED, { 'content-type': `${FORM}, text/plain` }],
    ['that is no interaction', VECTOR.body, { 'x-slack-signature': VECTOR.signature }],
    ['without a payload', 'x=1', {}],
    ['with a payload that is no JSON', 'payload=%7B', {}],
    ['with a payload of null', 'payload=null', {}],
    ['of another kind', 'payload=%7B%22type%22%3A%22view_submission%22%7D', {}],
    ['that is empty', '', {}],
    ['that is too large', `${PRESSED}&x=${'x'.repeat(300_000)}`, {}],
  ])('answers one %s with one uniform 401', async (_name, body, over) => {
    expect(await post(body, over)).toEqual(REFUSED);
  });
});

describe('the door for Slack', () => {
  let gate: Gate;
  beforeAll(async () => {
    gate = await openGate();
  });
  afterAll(() => gate.close());

  it('is not there without a signing secret, and attack 38: attack 39: changes nothing when it is opened', async () => {
    const body = PRESSED;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'content-type': FORM,
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signed(body, timestamp),
    };
    const ask = (app: Pick<Gate, 'fetch'>, method: string) =>
      app.fetch(
        new Request('http://gate/hooks/slack', { method, ...(method === 'POST' ? { body } : {}), headers }),
      );
    expect((await ask(gate, 'POST')).status).toBe(404);
    const journal = () => gate.database.query('select task, seq from journal');
    const before = await journal();
    const open = createApp({ ...gate.deps, slackSecret: VECTOR.secret });
    expect((await ask(open, 'POST')).status).toBe(200);
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT'])
      expect((await ask(open, method)).status).toBe(404);
    expect(gate.tasks.told).toEqual([]);
    expect(await journal()).toEqual(before);
  });
});
