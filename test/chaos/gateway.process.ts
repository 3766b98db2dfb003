/** A gateway to be killed. Its one argument is a GatewayOrders as JSON. Prints `ready URL` once it listens. */
import { startGateway } from '../../src/gateway.js';
import { obeyParent, pointsOf, stopInOrder, type GatewayOrders } from './orders.js';

obeyParent();
const orders = JSON.parse(process.argv[2] ?? '') as GatewayOrders; // written by victim.ts
const gateway = await startGateway(orders.config, { point: pointsOf(orders), log: () => undefined });
stopInOrder(gateway);
process.stdout.write(`ready ${gateway.url}\n`);
