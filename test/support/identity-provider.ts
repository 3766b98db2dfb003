import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, type Configuration } from 'oidc-provider';
import { listening } from './listening.js';

/** What somebody is at the provider of the tests. */
export interface Account {
  readonly sub: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly acr?: string;
  /** When they signed in there, epoch seconds; default now. */
  readonly authTime?: number;
}

/** A real identity provider on the loopback address, where whoever is set as `account` signs in without being asked. */
export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  account: Account;
  /** How often somebody was asked to sign in. */
  asked: number;
  close(): Promise<void>;
}

/** Starts the provider for a gateway at this redirect URI. */
export async function startIdentityProvider(redirectUri: string): Promise<TestProvider> {
  const [clientId, clientSecret] = ['countersign', 'a-client-secret'];
  const made: { provider?: TestProvider } = {};
  const current = () => {
    if (made.provider === undefined) throw new Error('the provider has not started');
    return made.provider;
  };
  const server = await listening((origin) => {
    const provider = new Provider(origin, configuration({ clientId, clientSecret, redirectUri }, current));
    const answer = provider.callback();
    return (request, response) => {
      if (request.url?.startsWith('/interaction/') === true)
        void signIn(provider, current(), request, response);
      else void answer(request, response);
    };
  });
  made.provider = {
    issuer: server.origin,
    clientId,
    clientSecret,
    account: { sub: '00u1' },
    asked: 0,
    close: server.close,
  };
  return made.provider;
}

async function signIn(
  provider: Provider,
  test: TestProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  test.asked++;
  const { sub, acr, authTime } = test.account;
  const login = {
    accountId: sub,
    ...(acr === undefined ? {} : { acr }),
    ...(authTime === undefined ? {} : { ts: authTime }),
  };
  await provider.interactionFinished(request, response, { login });
}

function configuration(
  client: { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string },
  current: () => TestProvider,
): Configuration {
  return {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [client.redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], groups: ['groups', 'email'], acr: null, auth_time: null },
    conformIdTokenClaims: false,
    scopes: ['openid', 'groups'],
    acrValues: ['pwd', 'phr'],
    cookies: { keys: ['cookie-key'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    async findAccount(_, sub) {
      return { accountId: sub, claims: () => ({ sub, ...current().account.claims }) };
    },
    async loadExistingGrant({ oidc }) {
      const { client: asking, session, provider } = oidc;
      if (!asking || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ accountId: session.accountId, clientId: asking.clientId });
      grant.addOIDCScope('openid groups');
      await grant.save();
      return grant;
    },
  };
}
