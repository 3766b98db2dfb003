import { execFileSync } from 'node:child_process';

/** Another user of this machine, for a server that refuses to run as root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Users that exist on practically every system, the fitting one first. */
const candidates = ['postgres', 'nobody', 'daemon', 'bin'];

/** The account to run servers as: none needed (undefined) unless this process is root. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of candidates) {
    const account = lookUp(name);
    if (account !== undefined && account.uid !== 0) return account;
  }
  return undefined;
}

function lookUp(name: string): Account | undefined {
  const ask = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { name, uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
}

/** True if the account may enter the folder, as the kernel sees it (modes, ACLs, mounts). */
export function canEnter(account: Account | undefined, dir: string): boolean {
  if (account === undefined) return true;
  try {
    const { uid, gid } = account;
    execFileSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], { uid, gid, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
