import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { UNITS_PER_VCPU } from '../../parse-quantity.ts';

/** What one project's jobs currently use of a manager, or what is left for them. */
export interface Usage {
  jobs: number;
  /** CPU units. */
  cpu: number;
}

interface Waiting {
  cpu: number;
  admit(): void;
}

/** Limits what the jobs of one project use at the same time, so that one project cannot take a whole fleet. */
export interface ProjectShares {
  /** What the fleet's limits leave for the project now; infinite without limits. */
  roomOf(projectId: number): Usage;
  /**
   * Waits until the project has room for a job, first come, first served, and takes it.
   * @param cpu CPU units of the job's task
   * @param onWait called once if the job has to wait, with a line for the job log
   * @returns releases what was taken; a second call does nothing
   * @throws when the signal aborts first
   */
  take(
    projectId: number,
    cpu: number,
    signal: AbortSignal,
    onWait: (why: string) => void,
  ): Promise<() => void>;
}

/** Creates the shares of one manager from its fleet's `job.maxConcurrentPerProject` and `job.maxVcpuPerProject`. */
export function createProjectShares({ job }: Pick<FleetConfig, 'job'>): ProjectShares {
  const maxJobs = job.maxConcurrentPerProject ?? Number.POSITIVE_INFINITY;
  const maxCpu = (job.maxVcpuPerProject ?? Number.POSITIVE_INFINITY) * UNITS_PER_VCPU;
  const used = new Map<number, Usage>();
  const queues = new Map<number, Waiting[]>();

  const usedBy = (project: number) => used.get(project) ?? { jobs: 0, cpu: 0 };
  /** A job that is larger than its project's whole share runs alone; otherwise it would never run. */
  const hasRoom = (project: number, cpu: number) => {
    const now = usedBy(project);
    return now.jobs === 0 || (now.jobs < maxJobs && now.cpu + cpu <= maxCpu);
  };
  const change = (project: number, jobs: number, cpu: number) => {
    const now = usedBy(project);
    if (now.jobs + jobs === 0) used.delete(project);
    else used.set(project, { jobs: now.jobs + jobs, cpu: now.cpu + cpu });
  };
  const admitNext = (project: number) => {
    const queue = queues.get(project) ?? [];
    for (let next = queue[0]; next && hasRoom(project, next.cpu); next = queue[0]) {
      queue.shift();
      change(project, 1, next.cpu);
      next.admit();
    }
    if (queue.length === 0) queues.delete(project);
  };
  const releaseOf = (project: number, cpu: number) => {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      change(project, -1, -cpu);
      admitNext(project);
    };
  };

  return {
    roomOf(project) {
      const now = usedBy(project);
      return { jobs: maxJobs - now.jobs, cpu: maxCpu - now.cpu };
    },
    async take(project, cpu, signal, onWait) {
      signal.throwIfAborted();
      if (!queues.has(project) && hasRoom(project, cpu)) {
        change(project, 1, cpu);
        return releaseOf(project, cpu);
      }
      onWait(waitReason(usedBy(project), job));
      await waitForRoom(queues, project, cpu, signal);
      return releaseOf(project, cpu);
    },
  };
}

function waitForRoom(
  queues: Map<number, Waiting[]>,
  project: number,
  cpu: number,
  signal: AbortSignal,
): Promise<void> {
  const queue = queues.get(project) ?? [];
  queues.set(project, queue);
  return new Promise((resolve, reject) => {
    const waiting: Waiting = {
      cpu,
      admit() {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
    };
    const onAbort = () => {
      queue.splice(queue.indexOf(waiting), 1);
      if (queue.length === 0) queues.delete(project);
      reject(signal.reason);
    };
    queue.push(waiting);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function waitReason({ jobs, cpu }: Usage, job: FleetConfig['job']): string {
  const limits = [
    ...(job.maxConcurrentPerProject === undefined ? [] : [`${job.maxConcurrentPerProject} jobs`]),
    ...(job.maxVcpuPerProject === undefined ? [] : [`${job.maxVcpuPerProject} vCPU`]),
  ];
  const running = jobs === 1 ? '1 job of this project runs' : `${jobs} jobs of this project run`;
  return `Waiting: ${running} on this manager with ${cpu / UNITS_PER_VCPU} vCPU, and this fleet allows ${limits.join(' and ')} per project and manager.`;
}
