/** An airline's tools for recorded runs: every call is answered as it was when recorded, and counted. */
import { defineTool, type Impact, type RunContext, type Tier, type Tool } from 'countersign';
import { z } from 'zod';
import { noteEffect, recordedResult } from './recording.js';

// What a model writes into a reading call is not ours to police: only changes name their values strictly.
const said = z.string().min(1).max(200);
const day = z.iso.date();
const cabin = z.enum(['basic_economy', 'economy', 'business']);
const bags = z.int().min(0).max(50);
const dollars = z.number().min(0).max(1_000_000);
const flight = z.strictObject({
  flight_number: z.string().regex(/^[A-Z]{2,3}\d{1,4}$/, 'must be a flight number such as HAT083'),
  date: day,
  origin: z.exactOptional(said),
  destination: z.exactOptional(said),
  price: z.exactOptional(dollars),
});
const passenger = z.strictObject({ first_name: said, last_name: said, dob: day });
const flights = z.array(flight).min(1).max(12);
const passengers = z.array(passenger).min(1).max(9);
const route = { origin: said, destination: said, date: said };

interface Recorded<Input extends z.ZodObject> {
  readonly tier: Tier;
  readonly input: Input;
  readonly describe: (args: z.output<Input>) => string;
  readonly impact?: (args: z.output<Input>) => Impact;
}

/** A tool that does what the recording says. What it writes it writes once per key, so a repeat is harmless. */
function recorded<Input extends z.ZodObject>(name: string, declared: Recorded<Input>): Tool {
  return defineTool({
    ...declared,
    name,
    version: '1',
    idempotency: { keyLifetime: '24h' },
    timeout: '10s',
    run(_args: z.output<Input>, { task, operation, idempotencyKey }: RunContext) {
      const asked = { tool: name, task, operation, idempotencyKey };
      const result = recordedResult(asked);
      noteEffect(asked);
      return result;
    },
  });
}

const usd = (amount: number): Impact => ({ money: { minor: Math.round(amount * 100), currency: 'USD' } });
const legs = (list: z.output<typeof flights>) =>
  list.map((leg) => `${leg.flight_number} on ${leg.date}`).join(', ');

/** All tools of the airline's agent. */
export const tools: readonly Tool[] = [
  recorded('think', {
    tier: 1,
    input: z.strictObject({ thought: z.string().max(20_000) }),
    describe: () => 'Think aloud',
  }),
  recorded('calculate', {
    tier: 1,
    input: z.strictObject({ expression: z.string().max(1_000) }),
    describe: (args) => `Calculate ${args.expression}`,
  }),
  recorded('list_all_airports', {
    tier: 1,
    input: z.strictObject({}),
    describe: () => 'List all airports',
  }),
  recorded('get_user_details', {
    tier: 1,
    input: z.strictObject({ user_id: said }),
    describe: (args) => `Look up the user ${args.user_id}`,
  }),
  recorded('get_reservation_details', {
    tier: 1,
    input: z.strictObject({ reservation_id: said }),
    describe: (args) => `Look up the reservation ${args.reservation_id}`,
  }),
  recorded('search_direct_flight', {
    tier: 1,
    input: z.strictObject(route),
    describe: (args) => `Search direct flights ${args.origin}-${args.destination} on ${args.date}`,
  }),
  recorded('search_onestop_flight', {
    tier: 1,
    input: z.strictObject(route),
    describe: (args) => `Search flights with one stop ${args.origin}-${args.destination} on ${args.date}`,
  }),
  recorded('transfer_to_human_agents', {
    tier: 2,
    input: z.strictObject({ summary: z.string().max(20_000) }),
    describe: () => 'Hand the customer over to people',
  }),
  recorded('update_reservation_flights', {
    tier: 3,
    input: z.strictObject({ reservation_id: said, cabin, flights, payment_id: said }),
    describe: (args) =>
      `Change the reservation ${args.reservation_id} to ${args.cabin}: ${legs(args.flights)}`,
    impact: () => ({ rows: 1 }),
  }),
  recorded('update_reservation_baggages', {
    tier: 3,
    input: z.strictObject({
      reservation_id: said,
      total_baggages: bags,
      nonfree_baggages: bags,
      payment_id: said,
    }),
    describe: (args) =>
      `Set the baggage of the reservation ${args.reservation_id} to ${args.total_baggages}, ${args.nonfree_baggages} paid`,
    impact: () => ({ rows: 1 }),
  }),
  recorded('update_reservation_passengers', {
    tier: 3,
    input: z.strictObject({ reservation_id: said, passengers }),
    describe: (args) =>
      `Change the ${args.passengers.length} passengers of the reservation ${args.reservation_id}`,
    impact: (args) => ({ rows: args.passengers.length }),
  }),
  recorded('send_certificate', {
    tier: 3,
    input: z.strictObject({ user_id: said, amount: dollars }),
    describe: (args) => `Send a certificate of USD ${args.amount} to the user ${args.user_id}`,
    impact: (args) => ({ ...usd(args.amount), payee: args.user_id }),
  }),
  recorded('book_reservation', {
    tier: 4,
    input: z.strictObject({
      user_id: said,
      origin: said,
      destination: said,
      flight_type: z.enum(['one_way', 'round_trip']),
      cabin,
      flights,
      passengers,
      payment_methods: z
        .array(z.strictObject({ payment_id: said, amount: dollars }))
        .min(1)
        .max(10),
      total_baggages: bags,
      nonfree_baggages: bags,
      insurance: z.enum(['yes', 'no']),
    }),
    describe: (args) => `Book ${legs(args.flights)} in ${args.cabin} for the user ${args.user_id}`,
    impact: (args) => usd(args.payment_methods.reduce((sum, { amount }) => sum + amount, 0)),
  }),
  recorded('cancel_reservation', {
    tier: 4,
    input: z.strictObject({ reservation_id: said }),
    describe: (args) => `Cancel the reservation ${args.reservation_id}`,
    impact: () => ({ rows: 1 }),
  }),
];
