import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { taskContainers } from '@serverless-gitlab-runner/aws-emulator';
import type { Log } from '@serverless-gitlab-runner/machine';
import { decideJobs, isManager, peakManagers, type RunResult, refilledSlots } from './decide-job.ts';
import { describeLoss, describeManager } from './describe-loss.ts';
import type { Fault } from './fault.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import { FaultRun } from './fault-run.ts';
import type { SecretSearch } from './secret-search.ts';

/** Milliseconds after the fault's end within which every job must have ended. */
const JOBS_TIMEOUT_MS = 150_000;
/**
 * Milliseconds after that within which every task must have stopped. A job that no longer waits counts as waiting until its message
 * has come back after 120 s, which may take 40 s more, and a manager that was started then has to run, become idle, and leave.
 */
const ZERO_TIMEOUT_MS = 240_000;

/** Runs a fault once. The system is idle before and afterwards. */
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
    faultRun.problems.push(
      `the fault could not be completed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  endFault(environment);
  await faultRun.switches.reset();
  await waitForAllJobs(faultRun);
  const { secondsToRecover } = faultRun;
  faultRun.reaper.run();
  const { max } = (await faultRun.fleet.read()).manager;
  await faultRun.fleet.write(document);
  const tasksLeft = await waitForZero(faultRun);
  const { counts, problems } = decideJobs(faultRun.jobs);
  const unfinished = faultRun.jobs.filter(({ job }) => !job.finished).map(({ job }) => job);
  const loss = describeLoss({
    jobs: unfinished,
    deliveries: environment.gitlab.deliveries,
    tasks: faultRun.tasks,
    launcherLines: environment.launcherLog.since(new Date(startedAt)),
  });
  const secrets = await search.findNew(faultRun);
  const refusals = environment.gitlab.protocolErrors
    .splice(0)
    .map(({ method, path, message }) => `GitLab refused ${method} ${path}: ${message}`)
    .filter((refusal) => !faultRun.allowedRefusals.some((pattern) => pattern.test(refusal)));
  await reset(faultRun);
  // A message that came back before the queue was emptied may have started a manager, which would take the next run's jobs.
  const tasksLeaked = Math.max(tasksLeft, await waitForZero(faultRun));
  await faultRun.reaper.pause();
  const managers = peakManagers(faultRun.tasks);
  if (managers > max + refilledSlots(faultRun.tasks, environment.observer.tasks))
    faultRun.problems.push(
      `${managers} managers took jobs concurrently, at most ${max} may: ${faultRun.tasks.filter(isManager).map(describeManager).join('; ')}`,
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
    managers: faultRun.tasks.filter(isManager).length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    problems: [
      ...faultRun.problems,
      ...problems,
      ...loss,
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

/** A job that does not end in time is not an error here: `decideJobs` counts it as lost. */
async function waitForAllJobs(faultRun: FaultRun): Promise<void> {
  const jobs = faultRun.jobs.map(({ job }) => job);
  await faultRun.jobsFinished(jobs, JOBS_TIMEOUT_MS).catch(() => undefined);
}

/** Waits until no task is left. Returns the number of tasks that ECS or Docker still has at the timeout. */
async function waitForZero(faultRun: FaultRun): Promise<number> {
  const { environment } = faultRun;
  const live = () => environment.observer.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
  const deadline = Date.now() + ZERO_TIMEOUT_MS;
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

/** Removes what a run leaves behind on purpose, such as messages that wait for a retry. It must not affect the next run. */
async function reset({ environment }: FaultRun): Promise<void> {
  for (const webhook of environment.gitlab.webhooks.values())
    webhook.events = { job: false, pipeline: false };
  await environment.gitlab.deliveriesSettled();
  await environment.sqs
    .send(new PurgeQueueCommand({ QueueUrl: environment.system.outputs.QueueUrl }))
    .catch(() => undefined);
  await environment.lambdas.restart();
}
