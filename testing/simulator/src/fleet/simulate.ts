import { type Book, createBook } from '@serverless-gitlab-runner/forecast';
import {
  CLAIM_SECONDS,
  GITLAB_SECONDS,
  LAUNCHER_SECONDS,
  POLL_SECONDS,
  pullSeconds,
  SECOND,
  type StartModel,
} from '../model.ts';
import { mean, sum } from '../numbers.ts';
import type { Policy } from '../policies.ts';
import { draw } from '../random.ts';
import type { Attempt, JobTrace, PipelineTrace, Trace } from '../trace/trace.ts';
import { type Ahead, createAhead } from './ahead.ts';
import { type Bill, COST_KINDS, charge, createBill } from './bill.ts';
import { type Clock, createClock } from './clock.ts';
import { type Compute, codebuild, fargate, instant, managedInstances, type StartedTask } from './compute.ts';
import { createManagers, type Manager, type ManagerPool } from './managers.ts';

/** Waiting time of one pipeline. */
export interface PipelineOutcome {
  stages: number;
  /** Duration in seconds beyond its jobs' attempts (scripts and tails) on its longest path. */
  waitedSeconds: number;
  /** The same as a multiple of the trace's mean start time of a job task. */
  waitedStarts: number;
}

export interface Outcome {
  policy: Policy;
  /** Pipelines of the measured period, in the order of their ends. */
  pipelines: PipelineOutcome[];
  bill: Bill;
  /** Tasks started ahead in the measured period, and how many of them were claimed. */
  ahead: { started: number; claimed: number };
  /** Managers started in the measured period. */
  managers: number;
}

/** An attempt of a job, from its queueing to its end. */
interface Run {
  pipeline: PipelineTrace;
  job: JobTrace;
  attempt: Attempt;
  queuedAt: number;
  isTaken: boolean;
  onEnd(succeeded: boolean): void;
}

/** Combines the outcomes of one policy for several traces. */
export function pool(outcomes: readonly Outcome[]): Outcome {
  const [first] = outcomes;
  if (first === undefined) throw new RangeError('no outcomes to pool');
  const bill = createBill();
  for (const kind of COST_KINDS) bill.usd[kind] = sum(outcomes.map((outcome) => outcome.bill.usd[kind]));
  return {
    policy: first.policy,
    pipelines: outcomes.flatMap(({ pipelines }) => pipelines),
    bill,
    ahead: {
      started: sum(outcomes.map(({ ahead }) => ahead.started)),
      claimed: sum(outcomes.map(({ ahead }) => ahead.claimed)),
    },
    managers: sum(outcomes.map(({ managers }) => managers)),
  };
}

/** Simulates a trace with a policy. Deterministic: the same arguments give the same outcome. */
export function simulate(trace: Trace, policy: Policy, model: StartModel, seed: number): Outcome {
  return createFleet(trace, policy, model, seed).run();
}

function createFleet(trace: Trace, policy: Policy, model: StartModel, seed: number) {
  const clock = createClock();
  const compute = computeOf(trace, policy, model, clock);
  const outcome: Outcome = {
    policy,
    pipelines: [],
    bill: createBill(),
    ahead: { started: 0, claimed: 0 },
    managers: 0,
  };
  const waiting = new Map<number, Run>();
  const aheads = new Map<Manager, Ahead>();
  const oracle = new Map<number, StartedTask>();
  const leadSeconds = meanStartSeconds(trace, model);
  const bound = { vcpu: 0, maxVcpu: trace.settings.unclaimedVcpu };
  const sharedBook = createBook();
  let active = trace.pipelines.length;
  let aheadStarts = 0;

  const isMeasured = (time: number) => time >= trace.measuredFrom;
  const runsManagers = policy.compute === 'fargate' || policy.compute === 'managed-instances';

  const managers: ManagerPool = runsManagers
    ? createManagers({
        clock,
        policy,
        settings: trace.settings,
        model,
        seed,
        waiting: () => [...waiting.values()].map(({ job, queuedAt }) => ({ jobId: job.id, queuedAt })),
        onLaunched: (manager, jobIds) => {
          outcome.managers += isMeasured(clock.now()) ? 1 : 0;
          if (policy.ahead) aheads.set(manager, aheadOf(policy.ahead.keepsBook ? sharedBook : createBook()));
          if (policy.ahead?.first) adoptFor(manager, jobIds);
        },
        onReady: () => offerAll(),
        onDrained: (manager) => aheads.get(manager)?.releaseAll(),
        onEnded: (startedAt, endedAt, usd) => {
          const measured = Math.max(0, endedAt - Math.max(startedAt, trace.measuredFrom));
          charge(outcome.bill, 'managers', (usd * measured) / (endedAt - startedAt), true);
        },
        isFinished: () => active === 0 && clock.now() >= trace.endsAt,
      })
    : NO_MANAGERS;

  const aheadOf = (book: Book): Ahead => {
    if (policy.ahead === undefined) throw new RangeError('the policy starts nothing ahead');
    return createAhead({
      clock,
      book,
      policy: policy.ahead,
      bound,
      leadSeconds,
      start: ({ cpu, memory, shape }) => {
        aheadStarts += 1;
        outcome.ahead.started += isMeasured(clock.now()) ? 1 : 0;
        const imageMb = imageSizes.get(shape) ?? 0;
        return compute.start({ cpu, memory, shape, imageMb }, draw(seed, 'ahead-start', aheadStarts));
      },
      onReleased: (task) => {
        charge(outcome.bill, 'unclaimed', task.end(clock.now()), isMeasured(task.startedAt));
      },
    });
  };

  const imageSizes = new Map(
    trace.pipelines.flatMap(({ stages }) =>
      stages.flat().map(({ shape, imageMb }) => [shape, imageMb] as const),
    ),
  );

  /** The launcher starts tasks for the jobs that the new manager will take, if the book knows them. */
  const adoptFor = (manager: Manager, jobIds: readonly number[]) => {
    const ahead = aheads.get(manager);
    for (const jobId of jobIds) {
      const run = waiting.get(jobId);
      if (run) ahead?.adopt(run.pipeline, run.job);
    }
  };

  const queue = (run: Run) => {
    waiting.set(run.job.id, run);
    if (!runsManagers) {
      const seconds = policy.compute === 'codebuild' ? LAUNCHER_SECONDS : 0;
      clock.at(clock.now() + seconds * SECOND, () => begin(run, undefined));
      return;
    }
    managers.jobQueued();
    offer(run);
  };

  const offerAll = () => {
    for (const run of waiting.values()) offer(run);
  };

  /** A manager polls within its interval and gets the job if it has capacity at that time. */
  const offer = (run: Run) => {
    const poll = draw(seed, 'poll', run.job.id) * POLL_SECONDS * SECOND;
    clock.at(clock.now() + poll, () => {
      if (run.isTaken) return;
      const free = managers.withCapacity();
      const manager = free[Math.floor(draw(seed, 'manager', run.job.id) * free.length)];
      if (manager) begin(run, manager);
    });
  };

  const begin = (run: Run, manager: Manager | undefined) => {
    const { pipeline, job } = run;
    run.isTaken = true;
    waiting.delete(job.id);
    const ahead = manager && aheads.get(manager);
    if (manager) managers.take(manager, job.id);
    ahead?.arrived(pipeline, job);
    const claimed = ahead?.claim(pipeline, job) ?? takeFromOracle(job);
    const takenAt = clock.now();
    if (claimed) {
      outcome.ahead.claimed += isMeasured(claimed.startedAt) ? 1 : 0;
    }
    const task = claimed ?? compute.start(job, draw(seed, 'job-start', job.id));
    ahead?.placed(pipeline, job, takenAt + (claimed ? 0 : leadSeconds * SECOND));
    const scriptAt = Math.max(task.readyAt, takenAt + (claimed ? CLAIM_SECONDS * SECOND : 0));
    clock.at(scriptAt, () => execute(run, { task, claimed, takenAt, manager, ahead }));
  };

  const takeFromOracle = (job: JobTrace): StartedTask | undefined => {
    const task = oracle.get(job.id);
    oracle.delete(job.id);
    return task;
  };

  const execute = (run: Run, placement: Placement) => {
    const { pipeline, job, attempt } = run;
    const scriptAt = clock.now();
    placement.ahead?.running(pipeline, job);
    if (policy.ahead?.moment === 'exactly') prepareExactly(pipeline, job, attempt);
    const scriptEnd = scriptAt + attempt.seconds * SECOND;
    if (attempt.succeeded) clock.at(scriptEnd, () => placement.ahead?.succeeded(pipeline, job));
    clock.at(scriptEnd + job.tailSeconds * SECOND, () => {
      const { task, claimed, takenAt, manager } = placement;
      const usd = task.end(clock.now());
      const idle = claimed ? claimed.usdUntil(takenAt) - claimed.usdUntil(claimed.readyAt) : 0;
      charge(outcome.bill, 'idle', Math.max(0, idle), isMeasured(task.startedAt));
      charge(outcome.bill, 'jobs', usd - Math.max(0, idle), isMeasured(task.startedAt));
      if (manager) managers.finish(manager, job.id);
      placement.ahead?.ended(pipeline, job, {
        startedAt: scriptAt,
        startSeconds: task.startSeconds,
        succeeded: attempt.succeeded,
      });
      run.onEnd(attempt.succeeded);
      offerAll();
    });
  };

  /** Ends of jobs known to the oracle, by pipeline and stage. */
  const knownEnds = new Map<number, number[]>();

  /** Once every job of a stage runs its last attempt, starts the next stage's tasks just in time for its jobs. */
  const prepareExactly = (pipeline: PipelineTrace, job: JobTrace, attempt: Attempt) => {
    if (attempt !== job.attempts.at(-1)) return;
    const index = pipeline.stages.findIndex((jobs) => jobs.includes(job));
    const [stage = [], next = []] = [pipeline.stages[index], pipeline.stages[index + 1]];
    const key = pipeline.id * 1000 + index;
    const ends = knownEnds.get(key) ?? [];
    ends.push(clock.now() + (attempt.seconds + job.tailSeconds) * SECOND);
    knownEnds.set(key, ends);
    if (ends.length < stage.length) return;
    knownEnds.delete(key);
    for (const follower of next) {
      const sample = draw(seed, 'job-start', follower.id);
      const poll = draw(seed, 'poll', follower.id) * POLL_SECONDS;
      const needed = Math.max(...ends) + (GITLAB_SECONDS + poll) * SECOND;
      const start = (pullSeconds(model, follower) + model.provisioningSeconds) * SECOND;
      clock.at(needed - start, () => {
        outcome.ahead.started += isMeasured(clock.now()) ? 1 : 0;
        oracle.set(follower.id, compute.start(follower, sample));
      });
    }
  };

  const runStage = (pipeline: PipelineTrace, index: number, waited: number) => {
    const stage = pipeline.stages[index];
    if (stage === undefined) return endPipeline(pipeline, waited);
    const queuedAt = clock.now();
    let left = stage.length;
    let succeeded = true;
    const onJobEnd = (success: boolean) => {
      left -= 1;
      succeeded &&= success;
      if (left > 0) return;
      const total = waited + (clock.now() - queuedAt) / SECOND - Math.max(...stage.map(shortestSeconds));
      if (!succeeded) return endPipeline(pipeline, total);
      clock.at(clock.now() + GITLAB_SECONDS * SECOND, () => runStage(pipeline, index + 1, total));
    };
    for (const job of stage) runJob(pipeline, job, 0, onJobEnd);
  };

  const runJob = (
    pipeline: PipelineTrace,
    job: JobTrace,
    number: number,
    onEnd: (success: boolean) => void,
  ) => {
    const attempt = job.attempts[number];
    if (attempt === undefined) return onEnd(false);
    const retry = () =>
      clock.at(clock.now() + GITLAB_SECONDS * SECOND, () => runJob(pipeline, job, number + 1, onEnd));
    queue({
      pipeline,
      job,
      attempt,
      queuedAt: clock.now(),
      isTaken: false,
      onEnd: (success) => (success || number + 1 === job.attempts.length ? onEnd(success) : retry()),
    });
  };

  const endPipeline = ({ at, stages }: PipelineTrace, waitedSeconds: number) => {
    active -= 1;
    if (isMeasured(at))
      outcome.pipelines.push({
        stages: stages.length,
        waitedSeconds,
        waitedStarts: waitedSeconds / leadSeconds,
      });
    if (active === 0) clock.at(trace.endsAt, () => managers.close());
  };

  return {
    run(): Outcome {
      for (const pipeline of trace.pipelines) {
        clock.at(pipeline.at, () => runStage(pipeline, 0, 0));
      }
      // Instances are shared by all jobs. Their cost before the measured period belongs to the warm-up.
      clock.at(trace.measuredFrom, () => compute.sharedUsd());
      clock.run();
      charge(outcome.bill, 'jobs', compute.sharedUsd(), true);
      return outcome;
    },
  };
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

const NO_MANAGERS: ManagerPool = {
  jobQueued: () => undefined,
  withCapacity: () => [],
  take: () => undefined,
  finish: () => undefined,
  close: () => undefined,
};

function computeOf(trace: Trace, policy: Policy, model: StartModel, clock: Clock): Compute {
  switch (policy.compute) {
    case 'fargate':
      return fargate(clock, model);
    case 'managed-instances':
      return managedInstances(clock, model, {
        vcpu: trace.settings.instanceVcpu,
        idleMs: policy.instanceIdleMs,
      });
    case 'codebuild':
      return codebuild(clock, model);
    case 'instant':
      return instant(clock);
  }
}

/** Seconds of all attempts of a job without any waiting. */
function shortestSeconds({ attempts, tailSeconds }: JobTrace): number {
  const scripts = attempts.reduce((total, { seconds }) => total + seconds + tailSeconds, 0);
  return scripts + (attempts.length - 1) * GITLAB_SECONDS;
}

/** "One start": the mean start time of a trace's job tasks in seconds. */
export function meanStartSeconds(trace: Trace, model: StartModel): number {
  const jobs = trace.pipelines.flatMap(({ stages }) => stages.flat());
  return mean(jobs.map((job) => model.provisioningSeconds + pullSeconds(model, job)));
}
