import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openTextFile } from '../text-file.js';

const login = z.object({
  id: z.string(),
  token: z.string(),
  subject: z.string(),
  expiresAt: z.number(),
});
const loginsFile = z.record(z.string(), login);

/** What `countersign login` got from a gateway. */
export type Login = z.infer<typeof login>;

/** The logins of this machine's user by the gateway's origin, in one file that nobody else may read. */
export function openLogins(configDir: string) {
  const path = join(configDir, 'logins.json');
  const all = () => {
    try {
      return loginsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      return {}; // none yet, or nothing that could be read: a login makes it anew
    }
  };
  const write = (logins: Readonly<Record<string, Login>>) => {
    mkdirSync(configDir, { recursive: true, mode: 0o700 });
    openTextFile(path, 0o600).write(`${JSON.stringify(logins, null, 2)}\n`);
  };
  return {
    path,
    of: (url: string): Login | undefined => all()[new URL(url).origin],
    keep: (url: string, kept: Login) => write({ ...all(), [new URL(url).origin]: kept }),
    drop: (url: string) => {
      const { [new URL(url).origin]: _gone, ...rest } = all();
      write(rest);
    },
  };
}
