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

/** A runner tries so often to prepare a job. */
const TRIES = 3;
/** The executor looks at its tasks every second. */
const LOOK_MS = 1000;

/** A job in its manager, from taken to told: starts its task, runs, stops its task. Ends nowhere when the manager dies. */
export async function runJob(deps: SessionDeps, job: GitLabJob): Promise<void> {
  const task = await startTask(deps, job);
  if (task === undefined) {
    job.state = 'failed';
    return;
  }
  const { wire, actor, jobTasks } = deps;
  await wire.sleep(actor, LOOK_MS);
  jobTasks.heard(task);
  const lost = jobTasks.ended(task).then(() => 'failed' as const);
  const done = wire.sleep(actor, job.seconds * 1000).then(() => 'finished' as const);
  const end = await Promise.race([done, lost]);
  // A manager that died in the meantime was told of nothing, and one whose time was up has failed its jobs.
  if (!actor.alive || job.state === 'failed') return;
  jobTasks.silent(task);
  job.state = 'ending';
  await stopTask(deps, task);
  job.state = end;
}

async function startTask(deps: SessionDeps, job: GitLabJob): Promise<SimulatedTask | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const task = await runTask(deps, job, attempt);
    if (task === undefined) continue;
    if (await deps.jobTasks.running(task)) return task;
    await stopTask(deps, task);
  }
  return undefined;
}

/** A try whose answer is lost leaves a task behind that nobody in the manager knows of. */
async function runTask(
  { wire, actor, ecs, managerId }: SessionDeps,
  { id }: GitLabJob,
  attempt: number,
): Promise<SimulatedTask | undefined> {
  const tags = toTags({ role: 'job', fleet: 'default', jobId: String(id) });
  const order = {
    taskDefinition: `${jobFamilyPrefix('default')}1`,
    clientToken: `${managerId} ${id}-${attempt}`,
    startedBy: managerId,
    tags,
  };
  try {
    const { tasks } = await wire.call(actor, () => ecs.runTask(order));
    return ecs.tasks.find(({ arn }) => arn === tasks[0]?.taskArn);
  } catch {
    return undefined;
  }
}

/** What cannot be stopped is left to the manager's leaving, the reaper, and the dead man's switch. */
export async function stopTask({ wire, actor, ecs }: SessionDeps, { arn }: { arn: string }): Promise<void> {
  try {
    await wire.call(actor, () => ecs.stopTask({ task: arn }));
  } catch {}
}
