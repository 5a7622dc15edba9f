import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { MANAGER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { logGroupPlaces } from '../../../../system/readable-places.ts';
import { taskContainerIds } from '../../../faults/docker-actions.ts';
import type { CaseContext } from '../../conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from '../../start-pipeline.ts';

const MIB = 1024 * 1024;
/** What the manager's own process may grow by, whatever jobs do. */
const MOST_GROWTH = 64 * MIB;
const MS_BETWEEN_LOOKS = 500;
/** What containers of a job may write to CloudWatch, which bills by the byte. */
const MOST_LOGGED_A_TASK = 16 * 1024;
const GONE_WITHIN_MS = 60_000;

/** Prints the resident set of the manager's own process in KiB: it alone runs the image's Node. */
const RESIDENT_KIB = `for process in /proc/[0-9]*; do
  [ "$(readlink "$process/exe")" = /usr/local/bin/node ] || continue
  sed -n 's/^VmRSS:[[:space:]]*\\([0-9]*\\).*/\\1/p' "$process/status"
done 2> /dev/null`;

/** An during: the memory of the manager's resident process stays near to what it is when the attacks begin. */
export async function managerKeepsItsMemory(context: CaseContext): Promise<void> {
  const container = await managerOf(context);
  const first = await residentBytes(container);
  let most = first;
  while (!isOver(context)) {
    most = Math.max(most, await residentBytes(container));
    await delay(MS_BETWEEN_LOOKS);
  }
  const grown = Math.round((most - first) / MIB);
  if (most - first > MOST_GROWTH)
    throw new Error(`the manager grew by ${grown} MiB, from ${Math.round(first / MIB)}`);
}

/** An during: when all attacks are over, the manager has no file, no process and AWS no secret of a job that ended. */
export async function nothingIsLeft(context: CaseContext): Promise<void> {
  const container = await managerOf(context);
  await context.gitlab.waitForPipeline(context.pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const deadline = Date.now() + GONE_WITHIN_MS;
  const count = async (script: string) =>
    Number(await runCommand('docker', ['exec', container, 'sh', '-c', script]));
  for (;;) {
    const running = [...context.gitlab.jobs.values()].filter(({ finished }) => !finished).length;
    const folders = await count('ls /run/runner-manager/jobs | wc -l');
    const temporary = await count('ls -d /tmp/custom-executor* 2> /dev/null | wc -l');
    if (folders <= running && temporary <= running) return;
    if (Date.now() > deadline)
      throw new Error(
        `of ${running} jobs the manager has ${folders} folders and ${temporary} temporary ones`,
      );
    await delay(1000);
  }
}

/** An during: what jobs write does not go to CloudWatch, whichever way they take. */
export async function logsStaySmall({ gitlab, pipeline, endpoint }: CaseContext): Promise<void> {
  await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const places = await logGroupPlaces(new CloudWatchLogsClient(emulatorClient(endpoint)));
  const jobs = places.filter(({ where }) => where.endsWith('/jobs') || where.includes('/jobs/'));
  if (jobs.length === 0)
    throw new Error(`there is no log group of jobs: ${places.map(({ where }) => where)}`);
  const bytes = jobs.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const most = MOST_LOGGED_A_TASK * pipeline.jobs.length;
  if (bytes > most)
    throw new Error(`${Math.round(bytes / 1024)} KiB were logged, at most ${most / 1024} may be`);
}

function isOver({ pipeline }: CaseContext): boolean {
  return pipeline.jobs.every(({ finished }) => finished);
}

async function managerOf({ managers }: CaseContext): Promise<string> {
  const running = managers('default').findLast(({ lastStatus }) => lastStatus === 'RUNNING');
  const id = (await taskContainerIds(running?.taskArn ?? '')).get(MANAGER_CONTAINER);
  if (id === undefined) throw new Error('no manager runs');
  return id;
}

async function residentBytes(container: string): Promise<number> {
  const kib = Number((await runCommand('docker', ['exec', container, 'sh', '-c', RESIDENT_KIB])).trim());
  if (!(kib > 0)) throw new Error("the manager's resident process was not found");
  return kib * 1024;
}
