/** What a page answered, after every redirect. */
export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A browser without a screen: it keeps cookies by host and follows redirects, to the gateway under test and to real servers. */
export interface Browser {
  open(url: string, init?: RequestInit): Promise<Visited>;
  /** One step, no redirect followed. */
  step(url: string, init?: RequestInit): Promise<Visited & { readonly location: string | undefined }>;
  cookie(name: string): string | undefined;
}

/** A browser for which `origin` is the gateway. */
export function createBrowser(
  origin: string,
  gateway: (request: Request) => Response | Promise<Response>,
): Browser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const step: Browser['step'] = async (url, init = {}) => {
    const jar = jarOf(url);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const request = new Request(url, { ...init, headers, redirect: 'manual' });
    const response = await (url.startsWith(origin) ? gateway(request) : fetch(request));
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    const to = response.headers.get('location');
    return {
      url,
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      location: to === null ? undefined : new URL(to, url).href,
    };
  };
  return {
    step,
    async open(url, init) {
      let at = await step(url, init);
      for (let hops = 0; at.location !== undefined && hops < 12; hops++) at = await step(at.location);
      return at;
    },
    cookie: (name) => jars.get(new URL(origin).host)?.get(name),
  };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const [name = '', ...value] = pair.split('=');
  const over = attributes.some((each) => /^\s*(max-age=0|expires=Thu, 01 Jan 1970)/i.test(each));
  if (over || value.join('=') === '') jar.delete(name);
  else jar.set(name, value.join('='));
}
