import { CLAIM_SECONDS, LAUNCHER_SECONDS, SECOND } from '../model.ts';
import { draw } from '../random.ts';
import type { Attempt, JobTrace, PipelineTrace } from '../trace.ts';
import type { Ahead } from './ahead.ts';
import type { Aheads } from './aheads.ts';
import { charge } from './bill.ts';
import type { StartedTask } from './compute.ts';
import type { SimulationContext } from './context.ts';
import type { Manager, ManagerPool } from './managers.ts';
import type { Oracle } from './oracle.ts';

/** An attempt of a job, from its queueing to its end. */
export interface Run {
  pipeline: PipelineTrace;
  job: JobTrace;
  attempt: Attempt;
  queuedAt: number;
  isTaken: boolean;
  onEnd(succeeded: boolean): void;
}

/** Where a job runs. */
interface Placement {
  task: StartedTask;
  /** The same task, if it was started ahead. */
  claimed: StartedTask | undefined;
  takenAt: number;
  manager: Manager | undefined;
  ahead: Ahead | undefined;
}

export interface PlacementDeps {
  /** Jobs that no manager has taken, by their id in the trace, oldest first. */
  waiting: Map<number, Run>;
  /** Undefined if jobs need no manager. */
  managers: ManagerPool | undefined;
  aheads: Aheads;
  /** Undefined unless the policy has one. */
  oracle: Oracle | undefined;
}

/** Brings queued jobs to managers and tasks, and runs them to their end. */
export interface Placements {
  queue(run: Run): void;
  /** Every waiting job is offered to the managers again. */
  offerAll(): void;
}

export function createPlacements(context: SimulationContext, deps: PlacementDeps): Placements {
  const { clock, compute, policy, seed, leadSeconds, outcome, isMeasured } = context;
  const { waiting, managers, aheads, oracle } = deps;

  /** A manager polls within its interval and gets the job if it has capacity at that time. */
  const offer = (run: Run) => {
    const poll = draw(seed, 'poll', run.job.id) * policy.pollSeconds * SECOND;
    clock.at(clock.now() + poll, () => {
      if (run.isTaken) return;
      const free = managers?.withCapacity() ?? [];
      const manager = free[Math.floor(draw(seed, 'manager', run.job.id) * free.length)];
      if (manager) begin(run, manager);
    });
  };

  const offerAll = () => {
    for (const run of waiting.values()) offer(run);
  };

  const begin = (run: Run, manager: Manager | undefined) => {
    const { pipeline, job } = run;
    run.isTaken = true;
    waiting.delete(job.id);
    const ahead = manager && aheads.of(manager);
    if (manager) managers?.take(manager, job.id);
    ahead?.arrived(pipeline, job);
    const claimed = ahead?.claim(pipeline, job) ?? oracle?.take(job);
    const takenAt = clock.now();
    if (claimed) outcome.ahead.claimed += isMeasured(claimed.startedAt) ? 1 : 0;
    const task = claimed ?? compute.start(job, draw(seed, 'job-start', job.id));
    ahead?.placed(pipeline, job, takenAt + (claimed ? 0 : leadSeconds * SECOND));
    const scriptAt = Math.max(task.readyAt, takenAt + (claimed ? CLAIM_SECONDS * SECOND : 0));
    clock.at(scriptAt, () => execute(run, { task, claimed, takenAt, manager, ahead }));
  };

  const execute = (run: Run, placement: Placement) => {
    const { pipeline, job, attempt } = run;
    const scriptAt = clock.now();
    if (isMeasured(run.queuedAt)) outcome.jobWaits.push((scriptAt - run.queuedAt) / SECOND);
    placement.ahead?.running(pipeline, job);
    oracle?.running(pipeline, job, attempt);
    const scriptEnd = scriptAt + attempt.seconds * SECOND;
    if (attempt.succeeded) clock.at(scriptEnd, () => placement.ahead?.succeeded(pipeline, job));
    clock.at(scriptEnd + job.tailSeconds * SECOND, () => end(run, placement, scriptAt));
  };

  const end = (run: Run, { task, claimed, takenAt, manager, ahead }: Placement, scriptAt: number) => {
    const { pipeline, job, attempt } = run;
    const usd = task.end(clock.now());
    const idle = claimed ? Math.max(0, claimed.usdUntil(takenAt) - claimed.usdUntil(claimed.readyAt)) : 0;
    charge(outcome.bill, 'idle', idle, isMeasured(task.startedAt));
    charge(outcome.bill, 'jobs', usd - idle, isMeasured(task.startedAt));
    if (manager) managers?.finish(manager, job.id);
    ahead?.ended(pipeline, job, {
      startedAt: scriptAt,
      startSeconds: task.startSeconds,
      succeeded: attempt.succeeded,
    });
    run.onEnd(attempt.succeeded);
    offerAll();
  };

  return {
    queue(run) {
      waiting.set(run.job.id, run);
      if (managers === undefined) {
        const seconds = policy.compute === 'codebuild' ? LAUNCHER_SECONDS : 0;
        clock.at(clock.now() + seconds * SECOND, () => begin(run, undefined));
        return;
      }
      managers.jobQueued();
      offer(run);
    },
    offerAll,
  };
}
