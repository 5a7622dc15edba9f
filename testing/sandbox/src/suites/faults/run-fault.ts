import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { taskContainers } from '@serverless-gitlab-runner/aws-emulator';
import type { Log } from '@serverless-gitlab-runner/machine';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import { decideJobs, mostManagersAtOnce, type RunResult } from './decide-job.ts';
import type { Fault } from './fault.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import { FaultRun } from './fault-run.ts';
import type { SecretSearch } from './secret-search.ts';

/** Milliseconds from the fault's end within which every job must have ended, and after that every task. */
const JOBS_MS = 150_000;
const ZERO_MS = 120_000;

/** Runs a fault once, from a system at rest to a system at rest. */
export async function runFault(
  environment: FaultEnvironment,
  fault: Fault,
  run: number,
  search: SecretSearch,
  log: Log,
): Promise<RunResult> {
  const startedAt = Date.now();
  const faultRun = await FaultRun.open(environment, `${fault.name}-${run}-${startedAt.toString(36)}`, log);
  const document = await faultRun.fleet.read();
  faultRun.reaper.run();
  try {
    await fault.run(faultRun);
  } catch (error) {
    faultRun.wrong.push(
      `the fault could not be jobs: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  endFault(environment);
  await faultRun.switches.reset();
  await waitForJobs(faultRun);
  const { secondsToRecover } = faultRun;
  faultRun.reaper.run();
  const { max } = (await faultRun.fleet.read()).manager;
  await faultRun.fleet.write(document);
  const tasksLeaked = await waitForZero(faultRun);
  await faultRun.reaper.pause();
  const { counts, wrong } = decideJobs(faultRun.jobs);
  const secrets = await search.look(faultRun);
  const refusals = environment.gitlab.protocolErrors
    .splice(0)
    .map(({ method, path, message }) => `GitLab refused ${method} ${path}: ${message}`)
    .filter((refusal) => !faultRun.mayBeRefused.some((pattern) => pattern.test(refusal)));
  await rest(faultRun);
  const managers = mostManagersAtOnce(faultRun.tasks);
  if (managers > max)
    faultRun.wrong.push(
      `${managers} managers took jobs at once: ${faultRun.tasks.filter(isManager).map(lifeOf).join('; ')}`,
    );
  return {
    jobsQueued: faultRun.jobs.length,
    jobsFinished: counts.finished,
    jobsLost: counts.lost,
    jobsKilled: counts.killed,
    jobsInterrupted: counts.interrupted,
    tasksLeaked,
    secretsLeaked: secrets.length,
    secondsToRecover: Math.round(secondsToRecover * 10) / 10,
    managers: faultRun.tasks.filter(({ role }) => role === 'manager').length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    wrong: [
      ...faultRun.wrong,
      ...wrong,
      ...secrets.map((where) => `a planted secret is readable in ${where}`),
      ...refusals,
    ],
  };
}

function endFault(environment: FaultEnvironment): void {
  environment.aws.clear();
  environment.gitlabProxy.clear();
  environment.webhooks.clear();
}

/** A job that does not end in time is lost; the judgement says so. */
async function waitForJobs(faultRun: FaultRun): Promise<void> {
  const jobs = faultRun.jobs.map(({ job }) => job);
  await faultRun.finished(jobs, JOBS_MS).catch(() => undefined);
}

/** Tasks that ECS or Docker still has after two minutes of sweeps. */
async function waitForZero(faultRun: FaultRun): Promise<number> {
  const { environment } = faultRun;
  const live = () => environment.observer.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
  const deadline = Date.now() + ZERO_MS;
  for (;;) {
    const containers = new Set((await taskContainers(environment.machine.runId)).map(taskOfContainer)).size;
    const left = Math.max(live(), containers);
    if (left === 0 || Date.now() > deadline) return left;
    await faultRun.pause(500);
  }
}

/** The emulator names containers `<run>-<task>-<container>`. */
function taskOfContainer(name: string): string {
  return name.split('-').slice(0, -1).join('-');
}

/** What a run leaves behind on purpose, messages that wait for their next try for example, is not the next one's. */
async function rest({ environment }: FaultRun): Promise<void> {
  for (const webhook of environment.gitlab.webhooks.values())
    webhook.events = { job: false, pipeline: false };
  await environment.gitlab.deliveriesSettled();
  await environment.sqs
    .send(new PurgeQueueCommand({ QueueUrl: environment.system.outputs.QueueUrl }))
    .catch(() => undefined);
  await environment.lambdas.restart();
}

const isManager = ({ role }: ObservedTask) => role === 'manager';

/** When a manager was created, drained and stopped, to be read beside the others. */
function lifeOf({ taskId, place, createdAt, drainedAt, stoppedAt }: ObservedTask): string {
  const [created, stopped] = [createdAt, stoppedAt].map((time) => time?.toISOString() ?? 'never');
  return `${taskId.slice(0, 8)} in place ${place ?? '?'} created ${created}, drained ${drainedAt ?? 'never'}, stopped ${stopped}`;
}
