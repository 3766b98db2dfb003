import { dirname, resolve } from 'node:path';
import { hooksFile, type HookIntegration, type Hooks, type HookTarget } from './contract/hooks-file.js';
import { parseWebhookSecret, type WebhookSecret } from './contract/standard-webhook.js';
import { CountersignError } from './domain/errors.js';
import { problemLine } from './policy/check.js';
import { readDocument } from './policy/document.js';
import { schemaFindings } from './policy/schema-findings.js';
import { readTextFile } from './text-file.js';

const SETTING = 'COUNTERSIGN_HOOKS_FILE';
const TODO = `Name the file of web hooks (${SETTING}).`;

/**
 * Reads the file of web hooks, YAML or JSON, and the secrets it names (beside it, unless their paths are absolute). Throws `config` with all
 * that is wrong, by place; no message quotes a secret. Without a file there are none.
 */
export function readHooks(path: string | undefined): Hooks {
  if (path === undefined) return { out: [], in: [] };
  const document = readDocument(readTextFile(path, TODO, 'config'), 'hooks');
  const parsed = hooksFile.safeParse(document.data);
  const problems =
    document.problems.length > 0 || parsed.success
      ? document.problems
      : parsed.error.issues
          .flatMap((issue) => schemaFindings(issue, document.data))
          .map((finding) => document.place(finding));
  if (!parsed.success || problems.length > 0) throw unusable(problems.map((each) => problemLine(path, each)));
  const secrets = secretReader(path);
  const out = parsed.data.out.map(({ secret_files: files, ...target }, index): HookTarget => ({
    ...target,
    secrets: files.map((file, n) => secrets.read(file, `out[${index}].secret_files[${n}]`)),
  }));
  const from = parsed.data.in.map(
    ({ secret_files: files, reviewers, ...integration }, index): HookIntegration => ({
      ...integration,
      reviewers: new Map(Object.entries(reviewers)),
      secrets: files.map((given, n) => {
        const { file, until } = typeof given === 'string' ? { file: given } : given;
        const secret = secrets.read(file, `in[${index}].secret_files[${n}]`, 'own');
        return { secret, ...(until === undefined ? {} : { until }) };
      }),
    }),
  );
  if (secrets.problems.length > 0) throw unusable(secrets.problems);
  return { out, in: from };
}

/** Reads secrets and collects what is wrong with them. One that is `own` must be nobody else's, read before it: it says who is speaking. */
function secretReader(path: string) {
  const problems: string[] = [];
  const users = new Map<string, string>();
  const report = (place: string, what: string) => void problems.push(`${path}: ${place}: ${what}`);
  return {
    problems,
    read(file: string, place: string, own?: 'own'): WebhookSecret {
      try {
        const todo = 'Name a file that holds a secret, whsec_ and base64.';
        const secret = parseWebhookSecret(readTextFile(resolve(dirname(path), file), todo, 'config'));
        const key = Buffer.from(secret).toString('hex');
        const user = users.get(key);
        if (own && user !== undefined) report(place, `the same secret as ${user}; give each its own`);
        users.set(key, place);
        return secret;
      } catch (error) {
        if (!(error instanceof CountersignError)) throw error;
        report(place, error.message.startsWith('it') ? `${file}: ${error.message}` : error.message);
        return new Uint8Array();
      }
    },
  };
}

function unusable(lines: readonly string[]): CountersignError {
  return new CountersignError('config', `${SETTING} cannot be used:\n${lines.join('\n')}`);
}
