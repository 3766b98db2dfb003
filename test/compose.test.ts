import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../src/config.js';
import { searchAttributes } from '../src/dev/search-attributes.js';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Record<string, string>;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, { condition: string }>;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const file = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const services = Object.entries(file.services);
const builtHere = services.filter(([, one]) => one.build !== undefined);
const service = (name: string): Service => file.services[name] ?? {};

describe('docker-compose.yml', () => {
  it('has the parts of an installation', () => {
    expect(Object.keys(file.services)).toEqual(
      expect.arrayContaining(['postgres', 'temporal', 'temporal-ui', 'gateway', 'worker', 'mail']),
    );
  });

  it.each(services)('%s names an exact image or is built here, and waits only for what exists', (_, one) => {
    const exact = /:v?\d[\w.-]*$/.test(one.image ?? '');
    expect(exact || existsSync(`${one.build}/Dockerfile`)).toBe(true);
    const waits = Object.entries(one.depends_on ?? {});
    for (const [name, { condition }] of waits) {
      expect(file.services).toHaveProperty([name]);
      expect(condition).toMatch(/^service_(healthy|started|completed_successfully)$/);
    }
    for (const volume of one.volumes ?? []) expect(file.volumes).toHaveProperty([volume.split(':')[0] ?? '']);
    for (const port of one.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('has shards enough for ever, a UI that only shows, and every search attribute', () => {
    expect(Number(service('temporal').environment?.['NUM_HISTORY_SHARDS'])).toBeGreaterThanOrEqual(128);
    expect(service('temporal-ui').environment?.['TEMPORAL_DISABLE_WRITE_ACTIONS']).toBe('true');
    const command = service('temporal-namespace').command?.join('\n');
    for (const [name, type] of Object.entries(searchAttributes))
      expect(command).toContain(`--name ${name} --type ${type}`);
  });

  // Seen to fail: /tokens neither made nor owned in the Dockerfile.
  it('mounts into images built here only what they have made for their user', () => {
    const [, made = '', owned = ''] =
      /^RUN mkdir -p ([^&]+) && chown -R node:node (.+)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    const owners = owned.trim().split(' ');
    const paths = builtHere.flatMap(([, one]) =>
      (one.volumes ?? []).map((volume) => volume.split(':')[1] ?? ''),
    );
    expect(made.trim().split(' ').toSorted()).toEqual([...new Set(paths)].toSorted());
    for (const path of paths)
      expect(
        owners.some((owner) => path === owner || path.startsWith(`${owner}/`)),
        path,
      ).toBe(true);
  });

  // Seen to fail: COUNTERSIGN_POLICY for the worker; no SHOP_DATABASE_URL.
  it('sets exactly what each process reads', () => {
    const temporal = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
    const tools = service('worker')
      .environment?.['COUNTERSIGN_TOOLS']?.replace('/app/dist/', '')
      .replace(/js$/, 'ts');
    const ofTools = [...readFileSync(tools ?? '', 'utf8').matchAll(/process\.env\['(\w+)'\]/g)].map(
      ([, name]) => name,
    );
    const read: Record<string, readonly (string | undefined)[]> = {
      keys: [],
      migrate: ['COUNTERSIGN_DATABASE_URL'],
      gateway: [...SETTINGS.gateway, ...temporal],
      worker: [...SETTINGS.worker, ...temporal, ...ofTools],
    };
    expect(Object.keys(read).toSorted()).toEqual(builtHere.map(([name]) => name).toSorted());
    for (const [name, one] of builtHere)
      for (const setting of Object.keys(one.environment ?? {})) expect(read[name], name).toContain(setting);
    expect(Object.keys(service('worker').environment ?? {})).toEqual(expect.arrayContaining(ofTools));
  });

  it('gives the private key to the gateway only', () => {
    const holders = services.filter(([, one]) =>
      one.volumes?.some((volume) => volume.startsWith('signing-key:')),
    );
    expect(holders.map(([name]) => name)).toEqual(['keys', 'gateway']);
    expect(service('worker').environment).not.toHaveProperty('COUNTERSIGN_SIGNING_KEY_FILE');
    expect(service('worker').environment).toHaveProperty('COUNTERSIGN_DATABASE_URL');
  });
});
