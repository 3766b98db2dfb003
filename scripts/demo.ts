/**
 * The support example end to end: `scripts/demo [--keep] [--json]`. Everything is real (Temporal, Postgres, gateway, worker, the shop's
 * tables); only the customers, the agent's plans and the reviewers are scripted.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { openShop, type Shop } from '../examples/support/shop.js';
import { tickets } from '../examples/support/tickets.js';
import type { Stack } from '../src/dev/stack.js';
import { CountersignError, ERRORS } from '../src/domain/errors.js';
import { visible } from '../src/domain/sanitise.js';
import { figuresOf, WANTED, type DemoFigures } from './support/demo-figures.js';
import { startHouse, type House } from './support/house.js';
import { halted, killed } from './support/machine-chapters.js';
import { built, packageRoot } from './support/paths.js';
import {
  approved,
  drifted,
  edited,
  editedByTwo,
  nothingToAsk,
  rejected,
  rightPerson,
  silenceBegins,
  silenceEnds,
} from './support/people-chapters.js';
import { asked, submit, type Scene } from './support/scene.js';
import { scriptLine } from './support/script-line.js';
import { checkShop } from './support/shop-check.js';
import { storyOn, type Story } from './support/story.js';
import { verifyJournals } from './support/verified.js';

const USAGE = 'usage: scripts/demo [--keep] [--json]';

async function main(): Promise<number> {
  const line = scriptLine(USAGE, { files: 0, keep: true });
  if (line === undefined) return 0;
  const { keep, json } = line;
  const story = storyOn((text) => void (json || process.stdout.write(text)));
  const deviations: string[] = [];
  const house = await openHouse(story);
  const shop = openShop(house.toolSettings['SHOP_DATABASE_URL'] ?? '');
  try {
    const figures = await play({
      house,
      shop,
      story,
      told: new Set(),
      expect: (what, actual, wanted) => {
        if (!isDeepStrictEqual(actual, wanted))
          deviations.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
      },
    });
    for (const deviation of deviations) complain(`not as it should be: ${deviation}`);
    if (keep) await leaveSomething(house, shop, story);
    process.stdout.write(`${json ? '' : '\n'}${JSON.stringify(figures)}\n`);
    if (keep) await new Promise(() => undefined); // until a signal stops the house, and then this process
    return deviations.length === 0 ? 0 : ERRORS.internal.exit;
  } catch (error) {
    complain(house.lastWords());
    throw error;
  } finally {
    await shop.close();
    await house.stop();
  }
}

async function openHouse(story: Story): Promise<House> {
  story.line('operator', 'starts Temporal, Postgres, a gateway and a worker');
  const house = await startHouse({
    policyFile: join(packageRoot, 'examples/support/policy.yaml'),
    toolsFile: built('examples/support/tools.js'),
    toolSettings: openShopDatabase,
    log: (line) => story.line('operator', line),
  });
  story.line(
    'operator',
    `gateway ${house.gatewayUrl}, Temporal UI ${house.uiUrl}, worker process ${house.worker.pid()}`,
  );
  return house;
}

/** The shop has a database of its own beside Countersign's. */
async function openShopDatabase({ databaseUrl }: Stack): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('create database shop');
  await client.end();
  const url = new URL(databaseUrl);
  url.pathname = '/shop';
  return { SHOP_DATABASE_URL: url.href };
}

async function play(scene: Scene): Promise<DemoFigures> {
  await nothingToAsk(scene);
  await silenceBegins(scene);
  await approved(scene);
  await rightPerson(scene);
  await rejected(scene);
  await edited(scene);
  await editedByTwo(scene);
  await drifted(scene);
  await silenceEnds(scene);
  await killed(scene);
  await halted(scene);
  scene.story.chapter('The books');
  const shop = await checkShop(scene);
  const journals = await verifyJournals(scene.house);
  scene.story.line(
    'auditor',
    journals.fault ?? `${journals.verified} journals verified, no entry missing or changed`,
  );
  scene.expect('the first bad entry of the journals', journals.fault, null);
  const figures = await figuresOf(scene.house, { shop, journalsVerified: journals.verified });
  for (const [name, wanted] of Object.entries(WANTED))
    scene.expect(`the figure ${name}`, figures[name as keyof typeof WANTED], wanted); // its own key
  return figures;
}

/** One more question on the desk, and where to find it. */
async function leaveSomething(house: House, shop: Shop, story: Story): Promise<void> {
  story.chapter('Left running, with a question for you');
  const scene: Scene = { house, shop, story, told: new Set(), expect: () => undefined };
  const ticket = { ...tickets.lamp, task: 'lamp-still-dented' };
  await submit(scene, ticket);
  await asked(scene, 'amira', ticket);
  const countersign = `COUNTERSIGN_DATA=${house.dataDir} node ${built('src/cli/main.js')}`;
  story.line('', `gateway      ${house.gatewayUrl}`);
  story.line('', `Temporal UI  ${house.uiUrl}`);
  story.line('', `sign in      ${countersign} sign-in-link amira`);
  story.line('', `review page  ${house.gatewayUrl}/review/${ticket.task}:1`);
  story.line('', `try          ${countersign} inbox --as amira`);
  story.line(
    '',
    `then         ${countersign} approve ${ticket.task}:1 --as amira --confirm issue_refund --why "..."`,
  );
  story.line('', 'stop         Ctrl-C (everything in the folder goes with it)');
}

function complain(text: string): void {
  process.stderr.write(`${visible(text, { block: true })}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  complain(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CountersignError ? ERRORS[error.code].exit : ERRORS.internal.exit;
}
