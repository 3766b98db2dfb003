import { defineTool, ToolFailure, type AlwaysAsk, type Tier, type Tool } from 'countersign';
import { z } from 'zod';
import type { Cluster, Environment } from './cluster.js';

const image = z
  .string()
  .regex(
    /^[a-z-]{1,30}(:[\w.-]{1,40}|@sha256:[0-9a-f]{64})$/,
    'must be such as web:latest or web@sha256:...',
  );

const deployed = z.strictObject({ service: z.string(), digest: z.string(), before: z.string() });

/**
 * A tool that puts an image onto one environment. A tag may move: what it means is shown as a digest when people are asked, and its
 * fingerprint refuses the call when the tag, or what runs, has become another one since.
 */
export function deployment(
  cluster: Cluster,
  environment: Environment,
  own: { readonly name: string; readonly tier: Tier; readonly categories?: readonly AlwaysAsk[] },
): Tool {
  return defineTool({
    ...own,
    version: '1',
    input: z.strictObject({ image }),
    output: deployed,
    describe: (args) => `Deploy ${args.image} to ${environment}`,
    impact: () => ({ environment }),
    idempotency: { keyLifetime: '24h' },
    preview: (args) => {
      const { digest, pushedAt } = cluster.resolve(args.image);
      const running = cluster.service(serviceOf(args.image), environment);
      return {
        diff: [
          { field: `${serviceOf(args.image)} in ${environment}`, before: running.digest, after: digest },
        ],
        evidence: [
          { what: `${args.image} is ${digest.slice(0, 19)}`, source: 'registry', at: pushedAt },
          { what: `${running.replicas} replicas run`, source: 'cluster', at: running.changedAt },
        ],
        alternatives: ['a flag, which can be switched off'],
        unknowns: running.frozen ? [`${serviceOf(args.image)} is frozen: it will refuse`] : [],
      };
    },
    fingerprint: (args) => {
      const running = cluster.service(serviceOf(args.image), environment);
      return `${running.digest} -> ${cluster.resolve(args.image).digest}`;
    },
    undo: (_args, result) => {
      const { service, digest, before } = deployed.parse(result);
      const running = cluster.service(service, environment);
      if (running.digest === before) return;
      if (running.digest !== digest)
        throw new ToolFailure('moved-on', `${service} runs another version by now`);
      cluster.change(service, environment, { digest: before, before: running.before.slice(0, -1) });
    },
    run: (args, { idempotencyKey }) =>
      cluster.once(idempotencyKey, () => {
        const service = serviceOf(args.image);
        const running = cluster.service(service, environment);
        if (running.frozen) throw new ToolFailure('frozen', `${service} takes no new version`);
        const { digest } = cluster.resolve(args.image);
        cluster.change(service, environment, { digest, before: [...running.before, running.digest] });
        return { service, digest, before: running.digest };
      }),
  });
}

function serviceOf(name: string): string {
  return name.split(/[:@]/)[0] ?? name;
}
