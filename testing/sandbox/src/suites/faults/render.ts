import Table from 'cli-table3';
import pc from 'picocolors';
import type { RunResult } from './decide-job.ts';
import { type FaultReport, isClean } from './report.ts';

/** All results of one fault. */
export interface FaultOutcome {
  title: string;
  report: FaultReport;
  results: readonly RunResult[];
}

const HEAD = [
  'fault',
  'runs',
  'jobs',
  'finished',
  'interrupted',
  'lost',
  'killed',
  'tasks left',
  'secrets leaked',
  'recovered in',
];

/** Renders the table of all faults, followed by the failed checks. */
export function renderFaults(outcomes: readonly FaultOutcome[]): string {
  const head = pc.isColorSupported ? ['bold'] : [];
  const table = new Table({ head: HEAD, style: { head, border: [] } });
  for (const { report } of outcomes) table.push(row(report));
  return [table.toString(), ...outcomes.flatMap(problemLines)].join('\n');
}

/** Renders one line for a completed run. */
export function renderRun(run: number, runs: number, result: RunResult): string {
  const { jobsFinished, jobsQueued, jobsInterrupted, secondsToRecover, managers, seconds, problems } = result;
  const mark = problems.length === 0 ? pc.green('✓') : pc.red('✗');
  const interrupted = jobsInterrupted === 0 ? '' : `, ${jobsInterrupted} interrupted`;
  return (
    `  ${mark} run ${run} of ${runs}: ${jobsFinished} of ${jobsQueued} jobs finished${interrupted}, ${managers} managers, ` +
    `recovered in ${secondsToRecover.toFixed(1)} s ${pc.dim(`(${seconds} s)`)}`
  );
}

function row(report: FaultReport): string[] {
  const zero = (count: number) => (count === 0 ? '0' : pc.red(String(count)));
  const { fault, runs, jobsQueued, jobsFinished, jobsInterrupted, secondsToRecover } = report;
  return [
    isClean(report) ? fault : pc.red(fault),
    ...[runs, jobsQueued, jobsFinished, jobsInterrupted].map(String),
    ...[report.jobsLost, report.jobsKilled, report.tasksLeaked, report.secretsLeaked].map(zero),
    `${secondsToRecover.toFixed(1)} s`,
  ];
}

function problemLines({ title, report, results }: FaultOutcome): string[] {
  const problems = results.flatMap((result, index) =>
    result.problems.map((line) => `  run ${index + 1}: ${line}`),
  );
  return problems.length === 0 ? [] : ['', pc.red(`${report.fault}: ${title}`), ...problems];
}
