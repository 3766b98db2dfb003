import { hookEnabled, hookPage, type HookEnabled, type HookPage } from '../contract/http-hooks.js';
import { part, type Send } from './transport.js';

/** Web hooks, for operators. */
export interface Hooks {
  readonly hooks: {
    /** Needs the scope `policy`, as enabling does. */
    list(): Promise<HookPage>;
    /** Tells a disabled one again, what waited first. */
    enable(hook: string): Promise<HookEnabled>;
  };
}

/** The client's part for web hooks. */
export function createHooks(send: Send): Hooks {
  return {
    hooks: {
      list: () => send({ method: 'GET', path: 'v1/hooks', answer: hookPage }),
      enable: (hook) => send({ method: 'POST', path: `v1/hooks/${part(hook)}/enable`, answer: hookEnabled }),
    },
  };
}
