import type { FaultRun } from './fault-run.ts';

/** One kind of bad luck, and what has to be true of the system under it. */
export interface Fault {
  /** As in `npm run faults -- NAME`. */
  name: string;
  /** What happens, in a sentence's length. */
  title: string;
  /** How often it is tried. */
  runs: number;
  /** Takes all that the machine has: no other fault is jobs beside it. Default false. */
  alone?: boolean;
  /** Queues jobs, lets the fault happen, and says with `recovering` when it is over. Waits for no more than it needs. */
  run(faultRun: FaultRun): Promise<void>;
}
