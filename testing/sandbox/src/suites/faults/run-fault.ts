import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { taskContainers } from '@serverless-gitlab-runner/aws-emulator';
import type { Log } from '@serverless-gitlab-runner/machine';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { Fault } from './fault.ts';
import { judgeJobs, mostManagersAtOnce, type RunResult } from './judge.ts';
import type { Laboratory } from './laboratory.ts';
import type { SecretSearch } from './secret-search.ts';
import { Stage } from './stage.ts';

/** Milliseconds from the fault's end within which every job must have ended, and after that every task. */
const JOBS_MS = 150_000;
const ZERO_MS = 120_000;

/** Runs a fault once, from a system at rest to a system at rest. */
export async function runFault(
  lab: Laboratory,
  fault: Fault,
  run: number,
  search: SecretSearch,
  log: Log,
): Promise<RunResult> {
  const startedAt = Date.now();
  const stage = await Stage.open(lab, `${fault.name}-${run}-${startedAt.toString(36)}`, log);
  const document = await stage.fleet.read();
  stage.reaper.run();
  try {
    await fault.play(stage);
  } catch (error) {
    stage.wrong.push(
      `the fault could not be played: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  endFault(lab);
  await stage.switches.reset();
  await waitForJobs(stage);
  const { secondsToRecover } = stage;
  stage.reaper.run();
  const { max } = (await stage.fleet.read()).manager;
  await stage.fleet.write(document);
  const tasksLeaked = await waitForZero(stage);
  await stage.reaper.pause();
  const { counts, wrong } = judgeJobs(stage.played);
  const secrets = await search.look(stage);
  const refusals = lab.gitlab.protocolErrors
    .splice(0)
    .map(({ method, path, message }) => `GitLab refused ${method} ${path}: ${message}`)
    .filter((refusal) => !stage.mayBeRefused.some((pattern) => pattern.test(refusal)));
  await rest(stage);
  const managers = mostManagersAtOnce(stage.tasks);
  if (managers > max)
    stage.wrong.push(
      `${managers} managers took jobs at once: ${stage.tasks.filter(isManager).map(lifeOf).join('; ')}`,
    );
  return {
    jobsQueued: stage.played.length,
    jobsFinished: counts.finished,
    jobsLost: counts.lost,
    jobsKilled: counts.killed,
    jobsInterrupted: counts.interrupted,
    tasksLeaked,
    secretsLeaked: secrets.length,
    secondsToRecover: Math.round(secondsToRecover * 10) / 10,
    managers: stage.tasks.filter(({ role }) => role === 'manager').length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    wrong: [
      ...stage.wrong,
      ...wrong,
      ...secrets.map((where) => `a planted secret is readable in ${where}`),
      ...refusals,
    ],
  };
}

function endFault(lab: Laboratory): void {
  lab.aws.clear();
  lab.gitlabProxy.clear();
  lab.webhooks.clear();
}

/** A job that does not end in time is lost; the judgement says so. */
async function waitForJobs(stage: Stage): Promise<void> {
  const jobs = stage.played.map(({ job }) => job);
  await stage.finished(jobs, JOBS_MS).catch(() => undefined);
}

/** Tasks that ECS or Docker still has after two minutes of sweeps. */
async function waitForZero(stage: Stage): Promise<number> {
  const { lab } = stage;
  const live = () => lab.observer.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
  const deadline = Date.now() + ZERO_MS;
  for (;;) {
    const containers = new Set((await taskContainers(lab.machine.runId)).map(taskOfContainer)).size;
    const left = Math.max(live(), containers);
    if (left === 0 || Date.now() > deadline) return left;
    await stage.pause(500);
  }
}

/** The emulator names containers `<run>-<task>-<container>`. */
function taskOfContainer(name: string): string {
  return name.split('-').slice(0, -1).join('-');
}

/** What a run leaves behind on purpose, messages that wait for their next try for example, is not the next one's. */
async function rest({ lab }: Stage): Promise<void> {
  for (const webhook of lab.gitlab.webhooks.values()) webhook.events = { job: false, pipeline: false };
  await lab.gitlab.deliveriesSettled();
  await lab.sqs.send(new PurgeQueueCommand({ QueueUrl: lab.system.outputs.QueueUrl })).catch(() => undefined);
  await lab.lambdas.restart();
}

const isManager = ({ role }: ObservedTask) => role === 'manager';

/** When a manager was created, drained and stopped, to be read beside the others. */
function lifeOf({ taskId, place, createdAt, drainedAt, stoppedAt }: ObservedTask): string {
  const [created, stopped] = [createdAt, stoppedAt].map((time) => time?.toISOString() ?? 'never');
  return `${taskId.slice(0, 8)} in place ${place ?? '?'} created ${created}, drained ${drainedAt ?? 'never'}, stopped ${stopped}`;
}
