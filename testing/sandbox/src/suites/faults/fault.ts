import type { FaultRun } from './fault-run.ts';

/** A kind of fault, with the checks that are specific to it. */
export interface Fault {
  /** Argument of `npm run faults -- NAME`. */
  name: string;
  /** Describes in a sentence what happens. */
  title: string;
  /** Number of runs. */
  runs: number;
  /** Whether it needs the whole machine, so that no other fault may run concurrently. Default false. */
  alone?: boolean;
  /** Whether its system must have been deployed into an account that had never used ECS. Default false. */
  inNewAccount?: boolean;
  /** Queues jobs, injects the fault, and calls `faultEnded` when it is over. It need not wait for the end of the jobs. */
  run(faultRun: FaultRun): Promise<void>;
}
