import { setTimeout as delay } from 'node:timers/promises';
import { DescribeTasksCommand, type ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import {
  familyOf,
  isAheadGroup,
  jobOfGroup,
  ownerOfFamily,
  tagValue,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';

const POLL_INTERVAL_MS = 500;

/** A managed task, as ECS last described it. */
export interface ObservedTask {
  taskArn: string;
  taskId: string;
  role: 'manager' | 'job';
  fleet: string;
  /** GitLab's job id; job tasks only. */
  jobId: number | undefined;
  /** GitLab's id of the job that has claimed it; only job tasks that were started ahead. */
  claimedBy: number | undefined;
  /** GitLab's project id; job tasks only. */
  projectId: number | undefined;
  lastStatus: string;
  cpu: number;
  memory: number;
  capacityProvider: string;
  createdAt: Date | undefined;
  pullStartedAt: Date | undefined;
  startedAt: Date | undefined;
  stoppedAt: Date | undefined;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  exitCodes: (number | undefined)[];
  /** Value of the reaper's drain mark; managers only. */
  drainedAt: string | undefined;
  /** The manager's slot in its fleet; undefined if its tags were deleted before they were read. */
  slot: string | undefined;
}

/** Whether a running task was started ahead, for a job that has not come yet. A claimed one still counts. */
export function isStartedAhead({ role, jobId, lastStatus }: ObservedTask): boolean {
  return role === 'job' && jobId === undefined && lastStatus === 'RUNNING';
}

/** Reads all managed tasks of a cluster from ECS, running and stopped. */
export async function readTasks(ecs: ECSClient, cluster: string): Promise<ObservedTask[]> {
  const listed = await Promise.all([listArns(ecs, cluster, 'RUNNING'), listArns(ecs, cluster, 'STOPPED')]);
  const arns = [...new Set(listed.flat())];
  const tasks: Task[] = [];
  for (let start = 0; start < arns.length; start += 100) {
    const page = arns.slice(start, start + 100);
    const answer = await ecs.send(new DescribeTasksCommand({ cluster, tasks: page, include: ['TAGS'] }));
    tasks.push(...(answer.tasks ?? []));
  }
  return tasks.flatMap((task) => observe(task) ?? []);
}

async function listArns(
  ecs: ECSClient,
  cluster: string,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecs.send(
      new ListTasksCommand({ cluster, desiredStatus, ...(nextToken ? { nextToken } : {}) }),
    );
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

function observe(task: Task): ObservedTask | undefined {
  const owner = ownerOfFamily(familyOf(task.taskDefinitionArn ?? ''));
  if (!task.taskArn || owner === undefined) return undefined;
  const projectId = tagValue(task.tags, 'projectId');
  const claimedBy = isAheadGroup(task.group ?? '') ? tagValue(task.tags, 'jobId') : undefined;
  return {
    taskArn: task.taskArn,
    taskId: taskIdOf(task.taskArn),
    role: owner.role,
    fleet: owner.fleet,
    jobId: owner.role === 'job' ? jobOfGroup(task.group ?? '') : undefined,
    claimedBy: claimedBy === undefined ? undefined : Number(claimedBy),
    projectId: projectId === undefined ? undefined : Number(projectId),
    lastStatus: task.lastStatus ?? 'UNKNOWN',
    cpu: Number(task.cpu),
    memory: Number(task.memory),
    capacityProvider: task.capacityProviderName ?? task.launchType ?? 'UNKNOWN',
    createdAt: task.createdAt,
    pullStartedAt: task.pullStartedAt,
    startedAt: task.startedAt,
    stoppedAt: task.stoppedAt,
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    exitCodes: (task.containers ?? []).map((container) => container.exitCode),
    drainedAt: tagValue(task.tags, 'drain'),
    slot: tagValue(task.tags, 'slot'),
  };
}

/** Follows the tasks of a cluster, and keeps stopped ones, which ECS forgets after an hour. */
export class TaskObserver {
  readonly #tasks = new Map<string, ObservedTask>();
  readonly #ecs: ECSClient;
  readonly #cluster: string;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(
    ecs: ECSClient,
    cluster: string,
    onChange: (task: ObservedTask, before: ObservedTask | undefined) => void,
  ) {
    this.#ecs = ecs;
    this.#cluster = cluster;
    this.#loop = this.#follow(onChange);
  }

  get tasks(): ObservedTask[] {
    return [...this.#tasks.values()];
  }

  /** Finds a task by its ARN or its id. */
  find(task: string): ObservedTask | undefined {
    return this.#tasks.get(task) ?? this.tasks.find(({ taskId }) => taskId === taskIdOf(task));
  }

  /** Resolves once `condition` holds for the observed tasks. Rejects after `timeoutMs`, naming `what`. */
  async waitUntil(
    what: string,
    timeoutMs: number,
    condition: (tasks: ObservedTask[]) => boolean,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition(this.tasks)) {
      if (this.#stop.signal.aborted) throw new Error(`Stopped while waiting for ${what}`);
      if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s still waiting for ${what}`);
      await delay(POLL_INTERVAL_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #follow(onChange: (task: ObservedTask, before: ObservedTask | undefined) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // A failed read is ignored: the next one follows in half a second, and every waiting caller has a deadline.
      for (const now of await readTasks(this.#ecs, this.#cluster).catch(() => [])) {
        const before = this.#tasks.get(now.taskArn);
        // StopTask deletes tags; their last known values remain valid.
        const task = {
          ...now,
          projectId: now.projectId ?? before?.projectId,
          claimedBy: now.claimedBy ?? before?.claimedBy,
          // Concurrent sweeps may both write the mark; the first one counts.
          drainedAt: before?.drainedAt ?? now.drainedAt,
          slot: now.slot ?? before?.slot,
        };
        this.#tasks.set(task.taskArn, task);
        if (before?.lastStatus !== task.lastStatus || before?.drainedAt !== task.drainedAt)
          onChange(task, before);
      }
      await delay(POLL_INTERVAL_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
