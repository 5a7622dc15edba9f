import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { MANAGER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { logGroupTexts } from '../../../../system/readable-texts.ts';
import { taskContainerId } from '../../../faults/docker-actions.ts';
import type { CaseContext } from '../../conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from '../../start-pipeline.ts';

const MIB = 1024 * 1024;
/** Maximum growth of the manager's own process, whatever jobs do. */
const MAX_GROWTH_BYTES = 64 * MIB;
const POLL_INTERVAL_MS = 500;
/** Maximum that the containers of a job may write to CloudWatch, which bills by the byte. */
const MAX_LOG_BYTES_PER_TASK = 16 * 1024;
const CLEANUP_TIMEOUT_MS = 60_000;

/**
 * Prints the resident set of the manager's own process in KiB: the only process that runs the image's Node. Without pages of
 * files, such as Node's program itself, of which the kernel drops and reads back as many as it likes.
 */
const RESIDENT_KIB = `for process in /proc/[0-9]*; do
  [ "$(readlink "$process/exe")" = /usr/local/bin/node ] || continue
  sed -n 's/^RssAnon:[[:space:]]*\\([0-9]*\\).*/\\1/p' "$process/status"
done 2> /dev/null`;

/** For `during`: the manager's resident process hardly grows from the start of the attacks on. */
export async function managerKeepsItsMemory(context: CaseContext): Promise<void> {
  const container = await managerOf(context);
  const first = await residentBytes(container);
  let peak = first;
  while (!isOver(context)) {
    peak = Math.max(peak, await residentBytes(container));
    await delay(POLL_INTERVAL_MS);
  }
  const grownMib = Math.round((peak - first) / MIB);
  if (peak - first > MAX_GROWTH_BYTES)
    throw new Error(`the manager grew by ${grownMib} MiB, from ${Math.round(first / MIB)} MiB`);
}

/** For `during`: when all attacks have ended, the manager has no folder or temporary file of an ended job. */
export async function nothingIsLeft(context: CaseContext): Promise<void> {
  const container = await managerOf(context);
  await context.gitlab.waitForPipeline(context.pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const deadline = Date.now() + CLEANUP_TIMEOUT_MS;
  const count = async (script: string) =>
    Number(await runCommand('docker', ['exec', container, 'sh', '-c', script]));
  for (;;) {
    const running = [...context.gitlab.jobs.values()].filter(({ finished }) => !finished).length;
    const folders = await count('ls /run/runner-manager/jobs | wc -l');
    const temporary = await count('ls -d /tmp/custom-executor* 2> /dev/null | wc -l');
    if (folders <= running && temporary <= running) return;
    if (Date.now() > deadline)
      throw new Error(
        `the manager has ${folders} folders and ${temporary} temporary folders for ${running} running jobs`,
      );
    await delay(1000);
  }
}

/** For `during`: output of jobs is not sent to CloudWatch, however they write it. */
export async function logsStaySmall({ gitlab, pipeline, endpoint }: CaseContext): Promise<void> {
  await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const groups = await logGroupTexts(new CloudWatchLogsClient(emulatorClient(endpoint)));
  const jobs = groups.filter(({ where }) => where.endsWith('/jobs') || where.includes('/jobs/'));
  if (jobs.length === 0)
    throw new Error(`no log group of jobs exists, only ${groups.map(({ where }) => where)}`);
  const bytes = jobs.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const max = MAX_LOG_BYTES_PER_TASK * pipeline.jobs.length;
  if (bytes > max)
    throw new Error(`${Math.round(bytes / 1024)} KiB were logged, expected at most ${max / 1024} KiB`);
}

function isOver({ pipeline }: CaseContext): boolean {
  return pipeline.jobs.every(({ finished }) => finished);
}

async function managerOf({ managers }: CaseContext): Promise<string> {
  const running = managers('default').findLast(({ lastStatus }) => lastStatus === 'RUNNING');
  if (running === undefined) throw new Error('no manager is running');
  return taskContainerId(running.taskArn, MANAGER_CONTAINER);
}

async function residentBytes(container: string): Promise<number> {
  const kib = Number((await runCommand('docker', ['exec', container, 'sh', '-c', RESIDENT_KIB])).trim());
  if (!(kib > 0)) throw new Error("the manager's resident process was not found");
  return kib * 1024;
}
