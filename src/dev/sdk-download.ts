import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runTool } from './executables.js';
import { NotHere, type ServerSearch } from './search.js';

/** The host from which Temporal's SDKs and installers fetch their servers. */
const DOWNLOAD_URL = 'https://temporal.download';
const STALL_MS = 20_000;
const platforms: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** Fails within seconds ({@link NotHere}) when the download host cannot be reached from here. */
export async function probeDownload(search: ServerSearch): Promise<void> {
  const url = search.downloadUrl ?? DOWNLOAD_URL;
  const answer = await get(url, AbortSignal.timeout(search.probeTimeoutMs ?? 4_000));
  await answer.body?.cancel();
}

/** Fetches and unpacks the CLI of an exact version into `dir`. */
export async function downloadCli(download: {
  readonly dir: string;
  readonly version: string;
  readonly search: ServerSearch;
}): Promise<void> {
  const { dir, version, search } = download;
  const platform = platforms[process.platform];
  const architecture = architectures[process.arch];
  if (platform === undefined || architecture === undefined) {
    throw new NotHere(`no build for ${process.platform}-${process.arch}`);
  }
  const base = search.downloadUrl ?? DOWNLOAD_URL;
  const stop = new AbortController();
  // One timer, first for the answer and then for every piece: a stalled download ends, a slow one goes on.
  let timer = setTimeout(() => stop.abort(), search.probeTimeoutMs ?? 4_000);
  const archive = join(dir, 'archive.tar.gz');
  try {
    const url = `${base}/cli/archive/${version}?platform=${platform}&arch=${architecture}`;
    const answer = await get(url, stop.signal);
    if (!answer.ok || answer.body === null) throw new NotHere(`${url} answered ${answer.status}`);
    search.log?.(`downloading the Temporal CLI ${version} from ${base}`);
    const pieces = Readable.fromWeb(answer.body).on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), STALL_MS);
    });
    await pipeline(pieces, createWriteStream(archive), { signal: stop.signal });
  } catch (error) {
    throw error instanceof NotHere ? error : new NotHere(`download broke off: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
  await runTool({ command: 'tar', args: ['-xzf', archive, '-C', dir], timeoutMs: 120_000 });
  await rm(archive);
  if (process.platform !== 'win32') await chmod(join(dir, 'temporal'), 0o755);
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal });
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new NotHere(`${new URL(url).host} cannot be reached (${cause})`);
  }
}
