import type { FaultCounts, RunResult } from './decide-job.ts';

/** A line of `reports/faults.json`. */
export interface FaultReport extends FaultCounts {
  fault: string;
  runs: number;
}

/** Sums up the runs of a fault. */
export function reportOf(fault: string, results: readonly RunResult[]): FaultReport {
  const sum = (count: (result: RunResult) => number) => results.reduce((total, run) => total + count(run), 0);
  return {
    fault,
    runs: results.length,
    jobsQueued: sum(({ jobsQueued }) => jobsQueued),
    jobsFinished: sum(({ jobsFinished }) => jobsFinished),
    jobsLost: sum(({ jobsLost }) => jobsLost),
    jobsKilled: sum(({ jobsKilled }) => jobsKilled),
    jobsInterrupted: sum(({ jobsInterrupted }) => jobsInterrupted),
    tasksLeaked: sum(({ tasksLeaked }) => tasksLeaked),
    secretsLeaked: sum(({ secretsLeaked }) => secretsLeaked),
    secondsToRecover: Math.max(0, ...results.map(({ secondsToRecover }) => secondsToRecover)),
  };
}

/** Whether nothing was lost, killed or leaked. */
export function isClean(report: FaultReport): boolean {
  const { jobsLost, jobsKilled, tasksLeaked, secretsLeaked } = report;
  return jobsLost + jobsKilled + tasksLeaked + secretsLeaked === 0;
}
