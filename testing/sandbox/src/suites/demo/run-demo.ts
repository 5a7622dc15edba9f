import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logToStderr as log, REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import type { CommandContext } from '../../command.ts';
import { prepareMachine } from '../../system/prepare-machine.ts';
import { renderDemo } from './render.ts';
import { wrongInReport } from './report.ts';
import { startStopwatch } from './stopwatch.ts';
import { runWholeLoop, type WholeLoop } from './whole-loop.ts';

/** `npm run demo`: five pipelines through the whole system on this machine, and back to zero. */
export async function runDemo({ cleanup, signal }: CommandContext): Promise<number> {
  const clock = startStopwatch();
  const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: true });
  const loop = await runWholeLoop({ log, cleanup, signal, machine, clock });
  writeReports(loop);
  console.log(renderDemo(loop.report, loop.jobs, loop.tasks));
  return reportResult([
    ...loop.jobs.flatMap(({ job, wrong }) => wrong.map((sentence) => `${job.name}: ${sentence}`)),
    ...wrongInReport(loop.report),
    ...loop.protocolErrors.map((error) => `GitLab refused ${error.method} ${error.path}: ${error.message}`),
  ]);
}

/** `reports/demo.json`, and each job's log as GitLab has it. */
function writeReports({ report, jobs }: WholeLoop): void {
  const logs = join(REPOSITORY_ROOT, 'reports/demo-logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  for (const { pipelineNumber, job } of jobs) {
    writeFileSync(join(logs, `${pipelineNumber}-${job.name}.log`), job.trace.bytes);
  }
  writeFileSync(join(REPOSITORY_ROOT, 'reports/demo.json'), `${JSON.stringify(report, null, 2)}\n`);
}

function reportResult(wrong: readonly string[]): number {
  console.log('');
  if (wrong.length === 0) {
    console.log('Everything is as it must be. Report: reports/demo.json; job logs: reports/demo-logs/');
    return 0;
  }
  console.log(`Not as it must be:\n${wrong.map((sentence) => `  - ${sentence}`).join('\n')}`);
  return 1;
}
