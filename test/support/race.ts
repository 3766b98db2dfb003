/** Rounds of a race on the store: 1,000 unless COUNTERSIGN_RACE_ROUNDS says otherwise. */
export function rounds(): number {
  return Number(process.env['COUNTERSIGN_RACE_ROUNDS'] ?? 1_000);
}

/** Rounds of a race on a real server: 50 unless COUNTERSIGN_SERVER_RACE_ROUNDS says otherwise. */
export function serverRounds(): number {
  return Number(process.env['COUNTERSIGN_SERVER_RACE_ROUNDS'] ?? 50);
}

/** Under this share of wins for one side, a race has not been a race. */
const LEAST_SHARE = 0.02;

/** Counts who won each round and prints it; throws when one side hardly ever won. */
export class Tally {
  readonly #wins = new Map<string, number>();
  readonly #name: string;

  constructor(name: string, sides: readonly string[]) {
    this.#name = name;
    for (const side of sides) this.#wins.set(side, 0);
  }

  win(side: string): void {
    this.#wins.set(side, (this.#wins.get(side) ?? 0) + 1);
  }

  /** `mustWin` names a side that always has to win; then no share is asked of the others. */
  finish(mustWin?: string): void {
    const total = [...this.#wins.values()].reduce((sum, wins) => sum + wins, 0);
    const text = [...this.#wins].map(([side, wins]) => `${side} ${wins}`).join(', ');
    process.stdout.write(`race ${this.#name}: ${total} rounds, ${text}\n`);
    for (const [side, wins] of this.#wins) {
      if (mustWin === undefined && wins < total * LEAST_SHARE)
        throw new Error(`${this.#name}: ${side} won ${wins} of ${total}: not a race`);
      if (mustWin !== undefined && side !== mustWin && wins > 0)
        throw new Error(`${this.#name}: ${side} won ${wins} of ${total}, ${mustWin} must always win`);
    }
  }
}

/**
 * Starts both sides so that neither is always first: who starts alternates at random and the other follows after a delay, which is adapted
 * so that the wins stay near even. The seed is printed, the schedule follows from it.
 */
export class Starter {
  #seed: number;
  #lead = 0;
  readonly #reachMs: number;

  /** `reachMs`: how far ahead of the other a side may have to start for an even race. */
  constructor(name: string, reachMs = 20) {
    const seed = Number(process.env['COUNTERSIGN_SEED'] ?? Date.now() % 1_000_000);
    this.#seed = seed;
    this.#reachMs = reachMs;
    process.stdout.write(`race ${name}: seed ${seed}\n`);
  }

  /** A number in [0, 1), mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Tells which side won the last round, so that the other gets a larger lead in the next. */
  learn(firstWon: boolean): void {
    const step = this.#reachMs / 40;
    this.#lead = Math.max(-this.#reachMs, Math.min(this.#reachMs, this.#lead + (firstWon ? -step : step)));
  }

  /** How long the second side waits after the first, this time; negative = the first waits. */
  nextLeadMs(): number {
    return this.#lead + (this.random() - 0.5) * (this.#reachMs / 5);
  }

  async start<A, B>(
    first: () => Promise<A>,
    second: () => Promise<B>,
  ): Promise<[PromiseSettledResult<A>, PromiseSettledResult<B>]> {
    const lead = this.nextLeadMs();
    const late = <T>(ms: number, side: () => Promise<T>) =>
      ms <= 0 ? side() : new Promise<void>((resolve) => setTimeout(resolve, ms)).then(side);
    return Promise.allSettled([late(-lead, first), late(lead, second)]);
  }
}
