import { createServer } from 'node:net';
import { PortTaken } from './errors.js';

/** Takes a port on 127.0.0.1 for a moment; answers its number, or nothing if it is taken. 0 = any. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

/**
 * The port to use: the wanted one or {@link PortTaken}; without a wish the earlier one if it is still free, so that
 * addresses survive a restart, else any free one.
 */
export async function choosePort(wish: {
  readonly wanted?: number | undefined;
  readonly earlier?: number | undefined;
  readonly purpose: string;
}): Promise<number> {
  const { wanted, earlier, purpose } = wish;
  const fixed = wanted !== undefined && wanted !== 0;
  if (!fixed && earlier !== undefined && (await tryPort(earlier)) !== undefined) return earlier;
  const port = await tryPort(fixed ? wanted : 0);
  if (port === undefined) throw new PortTaken({ port: wanted ?? 0, purpose });
  return port;
}

/** Some programs keep ports in 15 bits; these are below 32768, and searched from a place of this process's own. */
export async function chooseLowPorts({ count }: { count: number }): Promise<number[]> {
  const [first, last] = [20_000, 32_767];
  const ports: number[] = [];
  for (let step = 0; ports.length < count && step < last - first; step++) {
    const port = first + ((process.pid * 16 + step) % (last - first));
    if ((await tryPort(port)) !== undefined) ports.push(port);
  }
  return ports;
}
