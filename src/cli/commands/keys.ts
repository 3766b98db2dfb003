import { join } from 'node:path';
import { makeKeyFiles } from '../../dev/key-files.js';
import { CountersignError } from '../../domain/errors.js';
import { fileFault } from '../../text-file.js';
import { flag, needed, type Command } from '../command.js';

export const keysMakeCommand: Command = {
  meta: {
    name: 'keys make',
    group: 'run',
    summary: 'make the keys of an installation; those that are there stay',
    example: 'countersign keys make --dir /etc/countersign/keys',
    notes: [
      'DIR/signing holds the private key, for gateways alone; DIR/shared the public keys and the keys of stored secrets, for gateways and workers. docs/operations.md, "Key files", says what is in them.',
    ],
  },
  args: [],
  options: { dir: { type: 'string', value: 'DIR', help: 'the folder for them; required' } },
  async run(input) {
    const dir = needed(input, 'dir');
    const [signingDir, sharedDir] = [join(dir, 'signing'), join(dir, 'shared')];
    try {
      makeKeyFiles({ signingDir, sharedDir });
    } catch (error) {
      throw new CountersignError('usage', `${dir} cannot be used: ${fileFault(error)}. Name another folder.`);
    }
    const settings = {
      COUNTERSIGN_SIGNING_KEY_FILE: join(signingDir, 'signing.json'),
      COUNTERSIGN_VERIFY_KEYS_FILE: join(sharedDir, 'verify.json'),
      COUNTERSIGN_SECRETS_KEY_FILE: join(sharedDir, 'secrets.json'),
    };
    if (flag(input, 'json')) return input.io.printJson(settings);
    input.io.print(Object.entries(settings).map(([name, path]) => `${name}=${path}`));
  },
};
