import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** CPU units of a vCPU, as ECS counts them. */
const UNITS_PER_VCPU = 1024;

/** What one project's jobs use of a manager at one time. */
interface Used {
  jobs: number;
  cpu: number;
}

interface Waiting {
  cpu: number;
  admit(): void;
}

/** Places that a project's jobs share, so that one project does not take all of a fleet. */
export interface ProjectShares {
  /**
   * Takes a place for a job, as soon as its project has one; first come, first served.
   * @param cpu CPU units of the job's task
   * @param onWait called once where the job has to wait, with why, in words for the job log
   * @returns gives the place back; a second call does nothing
   * @throws when the signal aborts before
   */
  take(
    projectId: number,
    cpu: number,
    signal: AbortSignal,
    onWait: (why: string) => void,
  ): Promise<() => void>;
}

/** Makes the shares of one manager: its fleet's `job.maxConcurrentPerProject` and `job.maxVcpuPerProject`. */
export function createProjectShares({ job }: Pick<FleetConfig, 'job'>): ProjectShares {
  const mostJobs = job.maxConcurrentPerProject ?? Number.POSITIVE_INFINITY;
  const mostCpu = (job.maxVcpuPerProject ?? Number.POSITIVE_INFINITY) * UNITS_PER_VCPU;
  const used = new Map<number, Used>();
  const queues = new Map<number, Waiting[]>();

  const usedBy = (project: number) => used.get(project) ?? { jobs: 0, cpu: 0 };
  /** A job that is larger than its project's whole share runs alone: it would never run else. */
  const hasRoom = (project: number, cpu: number) => {
    const now = usedBy(project);
    return now.jobs === 0 || (now.jobs < mostJobs && now.cpu + cpu <= mostCpu);
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
  const placeOf = (project: number, cpu: number) => {
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      change(project, -1, -cpu);
      admitNext(project);
    };
  };

  return {
    async take(project, cpu, signal, onWait) {
      signal.throwIfAborted();
      if (!queues.has(project) && hasRoom(project, cpu)) {
        change(project, 1, cpu);
        return placeOf(project, cpu);
      }
      onWait(whyItWaits(usedBy(project), job));
      await waitFor(queues, project, cpu, signal);
      return placeOf(project, cpu);
    },
  };
}

function waitFor(
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

function whyItWaits({ jobs, cpu }: Used, job: FleetConfig['job']): string {
  const limits = [
    ...(job.maxConcurrentPerProject === undefined ? [] : [`${job.maxConcurrentPerProject} jobs`]),
    ...(job.maxVcpuPerProject === undefined ? [] : [`${job.maxVcpuPerProject} vCPU`]),
  ];
  return `Waiting: ${jobs} jobs with ${cpu / UNITS_PER_VCPU} vCPU of this project run here, and this fleet allows a project ${limits.join(' and ')} in one manager.`;
}
