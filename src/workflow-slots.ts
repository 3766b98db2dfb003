import type {
  CustomSlotSupplier,
  SlotReserveContext,
  WorkerTuner,
  WorkflowSlotInfo,
} from '@temporalio/worker';

/** Workflow tasks of runs that this worker holds in memory, at once. With the lane below as many as the SDK's default together. */
const KNOWN_AT_ONCE = 35;
/** Workflow tasks of new runs, and of those that must be replayed, at once: more cost less CPU and let decisions wait (docs/decisions/027-decisions-first.md). */
export const FRESH_AT_ONCE = 5;
/** A new run whose first workflow task takes longer waits, for a slow preview most likely: it holds up nobody else. */
export const FRESH_MS = 500;

/**
 * Two lanes for workflow tasks, so that a decision never stands in line behind new tasks: a new task's first workflow task judges and asks,
 * which takes many times as long as taking a decision up. The other slots are the SDK's defaults.
 */
export function decisionsFirst(): WorkerTuner {
  const fixed = { type: 'fixed-size', numSlots: 100 } as const;
  return {
    workflowTaskSlotSupplier: workflowSlots(),
    activityTaskSlotSupplier: fixed,
    localActivityTaskSlotSupplier: fixed,
    nexusTaskSlotSupplier: fixed,
  };
}

/** The slots of both lanes; each hands its own out in the order in which they were asked for. */
export function workflowSlots(
  known = KNOWN_AT_ONCE,
  fresh = FRESH_AT_ONCE,
): CustomSlotSupplier<WorkflowSlotInfo> {
  const [knownRuns, freshRuns] = [new Lane(known), new Lane(fresh)];
  const laneOf = ({ isSticky }: SlotReserveContext) => (isSticky ? knownRuns : freshRuns);
  return {
    type: 'custom',
    reserveSlot: (context, signal) => laneOf(context).take(signal),
    tryReserveSlot: (context) => laneOf(context).tryTake(),
    markSlotUsed({ permit }) {
      const slot = permit as Slot; // only a lane makes permits
      if (slot.lane === freshRuns) slot.late = setTimeout(() => slot.free(), FRESH_MS).unref();
    },
    releaseSlot: ({ permit }) => (permit as Slot).free(), // see above
  };
}

/** A slot of a lane, free again once, by whoever says so first. */
class Slot {
  readonly lane: Lane;
  late: NodeJS.Timeout | undefined;
  #taken = true;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  free(): void {
    clearTimeout(this.late);
    if (this.#taken) this.lane.giveBack();
    this.#taken = false;
  }
}

class Lane {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  tryTake(): Slot | null {
    if (this.#free === 0) return null;
    this.#free -= 1;
    return new Slot(this);
  }

  /** Rejects with the signal's reason when it is aborted before there is a slot. */
  async take(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const slot = this.tryTake();
    if (slot) return slot;
    return new Promise((resolve, reject) => {
      const give = () => {
        signal.removeEventListener('abort', leave);
        resolve(new Slot(this));
      };
      const leave = () => {
        this.#waiting.delete(give);
        reject(signal.reason as Error); // the SDK aborts with one
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(give);
    });
  }

  giveBack(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
