import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, logToStderr as log, REPORTS, writeReport } from '@serverless-gitlab-runner/machine';
import { parseCommandLine } from '../../../../../scripts/cli/commands.mjs';
import type { CommandContext } from '../../command.ts';
import { prepareMachine } from '../../system/prepare-machine.ts';
import { savePage, servePage } from '../../system/serve-page.ts';
import { renderDemo } from './render.ts';
import { problemsOfReport } from './report.ts';
import { startStopwatch } from './stopwatch.ts';
import { runWholeLoop, type WholeLoop } from './whole-loop.ts';

/** `npm run demo`: runs five pipelines through the whole system on this machine, and waits until it is back at zero. */
export async function runDemo({ args, cleanup, signal }: CommandContext): Promise<number> {
  const { ui } = parseCommandLine('demo', args).values;
  const clock = startStopwatch();
  const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: true });
  const loop = await runWholeLoop({
    ...{ log, cleanup, signal, machine, clock },
    ...(ui && { onReady: ({ emulator }) => showPage(emulator.endpoint, cleanup) }),
  });
  writeReports(loop);
  await savePage(loop.emulator.endpoint, join(REPORTS, 'demo.html'));
  console.log(renderDemo(loop.report, loop.jobs, loop.tasks));
  return reportResult([
    ...loop.jobs.flatMap(({ job, problems }) => problems.map((sentence) => `${job.name}: ${sentence}`)),
    ...problemsOfReport(loop.report),
    ...loop.protocolErrors.map((error) => `GitLab refused ${error.method} ${error.path}: ${error.message}`),
  ]);
}

async function showPage(endpoint: string, cleanup: Cleanup): Promise<void> {
  const { url } = await servePage(endpoint, cleanup);
  log(`To watch the demo, open ${url}`);
}

/** Writes `reports/demo.json` and each job's log at GitLab. */
function writeReports({ report, jobs }: WholeLoop): void {
  const logs = join(REPORTS, 'demo-logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  for (const { pipelineNumber, job } of jobs) {
    writeFileSync(join(logs, `${pipelineNumber}-${job.name}.log`), job.trace.bytes);
  }
  writeReport('demo.json', report);
}

function reportResult(problems: readonly string[]): number {
  console.log('');
  if (problems.length === 0) {
    console.log(
      'All checks passed. Report: reports/demo.json; page: reports/demo.html; job logs: reports/demo-logs/',
    );
    return 0;
  }
  console.log(`Some checks failed:\n${problems.map((sentence) => `  - ${sentence}`).join('\n')}`);
  return 1;
}
