import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { jobStopReason, STOP_REASONS } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { aheadTaskGroup, jobFamilyPrefix, jobTaskGroup, toTags } from '@serverless-gitlab-runner/fleet';
import type { Actor } from '../actor.ts';
import type { Clock } from '../clock.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import type { SimulatedTask } from '../ecs/simulated-task.ts';
import type { Random } from '../random.ts';
import type { Wire } from '../wire.ts';
import type { GitLabJob } from './gitlab.ts';
import type { JobTasks } from './job-tasks.ts';

export interface SessionDeps {
  actor: Actor;
  /** Task id of the manager. */
  managerId: string;
  wire: Wire;
  ecs: SimulatedEcs;
  jobTasks: JobTasks;
  clock: Clock;
  random: Random;
  aheadPercent: number;
  /** Tasks that the manager started ahead, and that wait for a job. A claim takes one out. */
  waiting: SimulatedTask[];
  /** All job tasks that the manager has started and not stopped, by ARN. */
  started: Map<string, SimulatedTask>;
}

/** How often a runner tries to prepare a job. */
const MAX_ATTEMPTS = 3;
/** The executor polls its tasks every second. */
const POLL_MS = 1000;

/** Runs a job in its manager: starts its task, waits for its script, stops the task. Never settles if the manager dies. */
export async function runJob(deps: SessionDeps, job: GitLabJob): Promise<void> {
  if (deps.random.chance(deps.aheadPercent)) void startAhead(deps, job);
  const task = (await claim(deps, job)) ?? (await startTask(deps, job));
  if (task === undefined) {
    job.state = 'failed';
    return;
  }
  const { wire, actor, jobTasks } = deps;
  await wire.sleep(actor, POLL_MS);
  jobTasks.startHeartbeats(task);
  const lost = jobTasks.ended(task).then(() => 'failed' as const);
  const done = wire.sleep(actor, job.seconds * 1000).then(() => 'finished' as const);
  const end = await Promise.race([done, lost]);
  // A manager that died meanwhile learns nothing, and one whose time was up has already failed its jobs.
  if (!actor.alive || job.state === 'failed') return;
  jobTasks.stopHeartbeats(task);
  job.state = 'ending';
  await stopTask(deps, task, jobStopReason(job.id, 'the job is over'));
  job.state = end;
}

/** Maximum time that a task waits, as in the manager's `ahead-tasks.ts`. */
const MAX_WAIT_MS = 600_000;

/** Starts a task, together with a job, for another one that may come. */
async function startAhead(deps: SessionDeps, { id }: GitLabJob): Promise<void> {
  const { wire, actor, clock, jobTasks, managerId, waiting } = deps;
  const until = clock.now() + MAX_WAIT_MS;
  const task = await callRunTask(deps, {
    clientToken: `${managerId} ahead of ${id}`,
    group: aheadTaskGroup('ahead'),
    tags: toTags({ role: 'job', fleet: 'default', ahead: new Date(until).toISOString() }),
  });
  if (task === undefined || !(await jobTasks.running(task)) || !actor.alive) return;
  jobTasks.startHeartbeats(task);
  waiting.push(task);
  await wire.sleep(actor, until - clock.now());
  await letGo(deps, task);
}

async function letGo(deps: SessionDeps, task: SimulatedTask): Promise<void> {
  const index = deps.waiting.indexOf(task);
  if (index < 0) return;
  deps.waiting.splice(index, 1);
  deps.jobTasks.stopHeartbeats(task);
  await stopTask(deps, task, STOP_REASONS['not-claimed']);
}

/** Lets go of all waiting tasks, because the manager takes no more jobs. */
export async function letGoAll(deps: SessionDeps): Promise<void> {
  await Promise.all([...deps.waiting].map((task) => letGo(deps, task)));
}

/** Gives a job a task that waits, if there is one and the claim can be written. */
async function claim(deps: SessionDeps, job: GitLabJob): Promise<SimulatedTask | undefined> {
  const { wire, actor, ecs, waiting } = deps;
  const task = waiting.shift();
  if (task === undefined) return undefined;
  try {
    const tags = toTags({ jobId: String(job.id) });
    await wire.call(actor, 'TagResource', () => ecs.tagResource({ resourceArn: task.arn, tags }));
    task.jobId = job.id;
    return task;
  } catch {
    // Its dead man's switch ends it if it cannot be stopped: the claim may have been written although its response was lost.
    deps.jobTasks.stopHeartbeats(task);
    await stopTask(deps, task, STOP_REASONS['not-claimed']);
    return undefined;
  }
}

async function startTask(deps: SessionDeps, job: GitLabJob): Promise<SimulatedTask | undefined> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const task = await runTask(deps, job, attempt);
    if (task === undefined) continue;
    if (await deps.jobTasks.running(task)) return task;
    await stopTask(deps, task);
  }
  return undefined;
}

/** An attempt whose response is lost leaves a task behind that the manager does not know of. */
async function runTask(
  deps: SessionDeps,
  { id }: GitLabJob,
  attempt: number,
): Promise<SimulatedTask | undefined> {
  return callRunTask(deps, {
    clientToken: `${deps.managerId} ${id}-${attempt}`,
    group: jobTaskGroup(id),
    tags: toTags({ role: 'job', fleet: 'default', jobId: String(id) }),
  });
}

async function callRunTask(
  { wire, actor, ecs, managerId, started }: SessionDeps,
  input: Pick<RunTaskCommandInput, 'clientToken' | 'group' | 'tags'>,
): Promise<SimulatedTask | undefined> {
  const taskDefinition = `${jobFamilyPrefix('default')}1`;
  try {
    const { tasks } = await wire.call(actor, 'RunTask', () =>
      ecs.runTask({ ...input, taskDefinition, startedBy: managerId }),
    );
    const task = ecs.find(tasks[0]?.taskArn);
    if (task) started.set(task.arn, task);
    return task;
  } catch {
    return undefined;
  }
}

/** A task that cannot be stopped here is stopped when the manager leaves, by the reaper, or by its dead man's switch. */
export async function stopTask(
  { wire, actor, ecs, started }: SessionDeps,
  { arn }: { arn: string },
  reason?: string,
): Promise<void> {
  started.delete(arn);
  try {
    await wire.call(actor, 'StopTask', () => ecs.stopTask({ task: arn, reason }));
  } catch {}
}
