import { jobFamilyPrefix, toTags } from '@serverless-gitlab-runner/fleet';
import type { Actor } from '../actor.ts';
import type { SimulatedEcs } from '../ecs/simulated-ecs.ts';
import type { SimulatedTask } from '../ecs/simulated-task.ts';
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
}

/** How often a runner tries to prepare a job. */
const MAX_ATTEMPTS = 3;
/** The executor polls its tasks every second. */
const POLL_MS = 1000;

/** Runs a job in its manager: starts its task, waits for its script, stops the task. Never settles if the manager dies. */
export async function runJob(deps: SessionDeps, job: GitLabJob): Promise<void> {
  const task = await startTask(deps, job);
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
  await stopTask(deps, task);
  job.state = end;
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
  { wire, actor, ecs, managerId }: SessionDeps,
  { id }: GitLabJob,
  attempt: number,
): Promise<SimulatedTask | undefined> {
  const tags = toTags({ role: 'job', fleet: 'default', jobId: String(id) });
  const input = {
    taskDefinition: `${jobFamilyPrefix('default')}1`,
    clientToken: `${managerId} ${id}-${attempt}`,
    startedBy: managerId,
    tags,
  };
  try {
    const { tasks } = await wire.call(actor, () => ecs.runTask(input));
    return ecs.tasks.find(({ arn }) => arn === tasks[0]?.taskArn);
  } catch {
    return undefined;
  }
}

/** A task that cannot be stopped here is stopped when the manager leaves, by the reaper, or by its dead man's switch. */
export async function stopTask({ wire, actor, ecs }: SessionDeps, { arn }: { arn: string }): Promise<void> {
  try {
    await wire.call(actor, () => ecs.stopTask({ task: arn }));
  } catch {}
}
