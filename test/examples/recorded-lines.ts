import type { Json } from '../../src/domain/action.js';

/** A line of a file of recorded runs, written for tests. */
interface RunLine {
  readonly instruction: string;
  readonly steps: readonly (
    | { user: string }
    | { say: string }
    | { tool: string; args: Json; result: Json }
  )[];
  readonly expected_actions: readonly { tool: string; args: Json }[];
}

/** One line with full defaults. */
export function aRunLine(rest: Partial<RunLine>): string {
  return JSON.stringify({ instruction: 'You want to fly.', steps: [], expected_actions: [], ...rest });
}

/** A booking in the form that recorded agents make. */
export const BOOKING = {
  user_id: 'ida_test_1',
  origin: 'AAA',
  destination: 'BBB',
  flight_type: 'one_way',
  cabin: 'economy',
  flights: [{ flight_number: 'AAA101', date: '2026-05-20' }],
  passengers: [{ first_name: 'Ida', last_name: 'Test', dob: '1990-01-02' }],
  payment_methods: [
    { payment_id: 'certificate_1', amount: 250 },
    { payment_id: 'credit_card_2', amount: 5 },
  ],
  total_baggages: 1,
  nonfree_baggages: 0,
  insurance: 'no',
} as const satisfies Json;
