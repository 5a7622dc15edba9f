import fc from 'fast-check';
import { type FaultRates, NO_FAULTS, type PlannedJob, type Schedule } from './schedule.ts';

type Arbitraries<Type> = { [Field in keyof Type]-?: fc.Arbitrary<Type[Field]> };

const whole = (min: number, max: number) => fc.integer({ min, max });
/** Often zero, so that shrinking removes irrelevant faults. */
const rate = (max: number) => fc.oneof(fc.constant(0), whole(0, max));
const always = <Value>(value: Value) => fc.constant(value);

/** Seconds: anywhere, or near a full minute, when the reaper sweeps. */
const moment = (last: number) =>
  fc.oneof(
    whole(0, last),
    fc
      .record({ minute: whole(0, Math.floor(last / 60)), milliseconds: whole(-4000, 9000) })
      .map(({ minute, milliseconds }) => Math.max(0, minute * 60 + milliseconds / 1000)),
  );

interface JobShape {
  max: number;
  last: number;
  seconds: number;
  webhooks: readonly PlannedJob['webhook'][];
}

const jobs = ({ max, last, seconds, webhooks }: JobShape) =>
  fc.array(
    fc.record({ at: moment(last), seconds: whole(1, seconds), webhook: fc.constantFrom(...webhooks) }),
    { minLength: 1, maxLength: max },
  );

const deaths = (of: Schedule['deaths'][number]['of'][], max: number, last: number) =>
  fc.array(fc.record({ at: whole(1, last), of: fc.constantFrom(...of) }), { maxLength: max });

const fleet = (over: Partial<Arbitraries<Schedule['fleet']>> = {}) =>
  fc.record<Schedule['fleet']>({
    max: whole(1, 3),
    concurrentJobs: whole(1, 4),
    idleSeconds: whole(20, 90),
    maxLifetimeSeconds: always(86_400),
    drainGraceSeconds: whole(180, 300),
    drainPollSeconds: whole(1, 10),
    safetyLaunchSeconds: always(300),
    spot: fc.boolean(),
    aheadPercent: always(0),
    ...over,
  });

const faults = (over: Partial<Arbitraries<FaultRates>>) =>
  fc.record<FaultRates>({
    until: always(over.until === undefined ? 420 : 0),
    failing: always(0),
    lost: always(0),
    late: always(0),
    denied: always(0),
    dying: always(0),
    noCapacity: always(0),
    startFailing: always(0),
    hanging: always(0),
    skippedSweeps: always(0),
    duplicates: always(0),
    gaps: always(0),
    ...over,
  });

const schedule = (over: Partial<Arbitraries<Required<Schedule>>>): fc.Arbitrary<Schedule> =>
  fc.record<Schedule, keyof Schedule>({
    seed: whole(0, 0x7fffffff),
    jobs: jobs({ max: 6, last: 360, seconds: 90, webhooks: ['sent'] }),
    deaths: always([]),
    fleet: fleet(),
    faults: always(NO_FAULTS),
    swift: always(false),
    lagMs: whole(0, 2000),
    managerStart: always({ min: 10, max: 50 }),
    deadMan: always(true),
    slowStart: always(undefined),
    token: always(undefined),
    ...over,
  });

const ROOM = { max: always(2), concurrentJobs: always(20) };
const NO_SAFETY = { safetyLaunchSeconds: always(0) };
/** Starts a manager that is soon idle. */
const FIRST_JOB: PlannedJob = { at: 0, seconds: 5, webhook: 'sent' };
const CALLS = { failing: rate(15), lost: rate(10), late: rate(20) };

const aimedJob = (last: number) =>
  fc.record({
    at: fc.record({
      sweep: whole(2, last),
      milliseconds: fc.oneof(
        { weight: 3, arbitrary: whole(2900, 3200) },
        { weight: 1, arbitrary: whole(0, 4000) },
      ),
    }),
    seconds: whole(1, 120),
    webhook: always<PlannedJob['webhook']>('sent'),
  });

const atTheDrain = {
  jobs: fc.array(aimedJob(3), { minLength: 1, maxLength: 2 }).map((aimed) => [FIRST_JOB, ...aimed]),
  fleet: fleet({ ...ROOM, ...NO_SAFETY, idleSeconds: always(20), drainPollSeconds: whole(1, 3) }),
  managerStart: always({ min: 20, max: 20 }),
};

/** Families of schedules. Each stresses one part of the protocols; `bounds.ts` has the bounds of its invariants. */
export const families = {
  /** No faults, no lag: every job gets a manager at once, without waiting for a sweep. */
  prompt: schedule({
    jobs: jobs({ max: 4, last: 420, seconds: 120, webhooks: ['sent', 'twice'] }),
    fleet: fleet({ ...ROOM, ...NO_SAFETY }),
    lagMs: always(0),
    managerStart: always({ min: 20, max: 20 }),
  }),
  /** A job at the moment of a drain: launcher and reaper must write and read their marks in the right order. */
  'at the drain': schedule({ ...atTheDrain, swift: always(true), lagMs: always(0) }),
  /** The same with stale reads that may miss both marks: the next sweep must notice. */
  'at the drain, lagging': schedule({ ...atTheDrain, swift: fc.boolean(), lagMs: whole(0, 5000) }),
  /** Only stale reads: the marks must suffice, without safety launches. */
  'lagging reads': schedule({ fleet: fleet(NO_SAFETY), lagMs: whole(0, 5000) }),
  /** Calls fail, are late, or lose their responses: queue and marks must suffice, without safety launches. */
  'failing calls': schedule({
    fleet: fleet(NO_SAFETY),
    faults: faults({ ...CALLS, duplicates: rate(10) }),
  }),
  /** Processes die between two steps, and sweeps are skipped. */
  'dying processes': schedule({
    fleet: fleet(NO_SAFETY),
    faults: faults({ ...CALLS, dying: rate(10), skippedSweeps: rate(40), duplicates: rate(10) }),
  }),
  /** Webhooks are lost, and access is denied for a while: the safety launch must notice. */
  'lost webhooks': schedule({
    jobs: jobs({ max: 4, last: 420, seconds: 60, webhooks: ['sent', 'late', 'lost'] }),
    fleet: fleet(),
    faults: faults({ ...CALLS, denied: rate(5), skippedSweeps: rate(30) }),
  }),
  /** Many jobs at once, few managers, and temporarily no capacity on a provider. */
  crowd: schedule({
    jobs: jobs({ max: 12, last: 120, seconds: 60, webhooks: ['sent', 'twice'] }),
    fleet: fleet({ ...NO_SAFETY, concurrentJobs: whole(1, 2) }),
    faults: faults({ ...CALLS, dying: rate(10), noCapacity: rate(30), duplicates: rate(20) }),
  }),
  /** Many long jobs at once, for several managers: two launchers must learn how many jobs wait in total. */
  burst: schedule({
    jobs: fc.array(
      fc.record({
        at: whole(0, 3),
        seconds: whole(300, 600),
        webhook: always<PlannedJob['webhook']>('sent'),
      }),
      { minLength: 15, maxLength: 30 },
    ),
    fleet: fleet({ ...NO_SAFETY, max: whole(3, 5), concurrentJobs: whole(4, 8) }),
    lagMs: always(0),
  }),
  /** Users cancel jobs that wait. Managers may be idle for seconds only, and leave between two looks of the launcher. */
  cancelled: schedule({
    jobs: fc.array(
      fc.record({
        at: moment(360),
        seconds: whole(1, 60),
        webhook: fc.constantFrom<PlannedJob['webhook']>('sent', 'twice'),
        cancelledAfter: fc.option(whole(1, 60), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    fleet: fleet({ ...NO_SAFETY, idleSeconds: whole(5, 60) }),
  }),
  /** Managers start tasks ahead. Some are claimed, some are not, and none may count as load or activity while it waits. */
  ahead: schedule({
    jobs: jobs({ max: 6, last: 360, seconds: 60, webhooks: ['sent', 'twice'] }),
    deaths: deaths(['manager', 'job task'], 2, 400),
    fleet: fleet({ ...NO_SAFETY, aheadPercent: whole(20, 100) }),
    faults: faults({ ...CALLS }),
  }),
  /** Managers and job tasks die while working, and managers fail to start. */
  'dying managers': schedule({
    deaths: deaths(['manager', 'job task'], 3, 400),
    faults: faults({ ...CALLS, startFailing: rate(20) }),
  }),
  /** The same without safety launches: another manager must take over the work of a lost one. */
  'lost managers': schedule({
    jobs: jobs({ max: 4, last: 300, seconds: 60, webhooks: ['sent'] }),
    deaths: deaths(['manager'], 3, 400),
    fleet: fleet(NO_SAFETY),
    faults: faults({ ...CALLS }),
  }),
  /** An operator stops managers by StopTask, which may delete all their tags; they finish their jobs before they end. */
  'stopped managers': schedule({
    jobs: jobs({ max: 4, last: 300, seconds: 300, webhooks: ['sent'] }),
    deaths: deaths(['stopped manager'], 3, 400),
    fleet: fleet(NO_SAFETY),
    faults: faults({ ...CALLS }),
  }),
  /** The dead man's switch is broken, and lists have gaps: the reaper alone must distinguish orphans from owned tasks. */
  orphans: schedule({
    jobs: jobs({ max: 4, last: 300, seconds: 300, webhooks: ['sent'] }),
    deaths: deaths(['manager'], 2, 400),
    faults: faults({ gaps: rate(30), skippedSweeps: rate(30) }),
    deadMan: always(false),
  }),
  /** Managers reach their maximum lifetime with jobs, and leave while new jobs arrive. */
  lifetimes: schedule({
    jobs: jobs({ max: 6, last: 700, seconds: 500, webhooks: ['sent'] }),
    fleet: fleet({ ...NO_SAFETY, ...ROOM, maxLifetimeSeconds: always(300), drainGraceSeconds: always(180) }),
    faults: faults({ ...CALLS, until: always(600) }),
  }),
  /** Drained managers hang or notice their drain late: they must be stopped in the end, but only without a job. */
  'hanging managers': schedule({
    jobs: fc.array(aimedJob(7), { minLength: 1, maxLength: 4 }).map((aimed) => [FIRST_JOB, ...aimed]),
    fleet: fleet({ drainPollSeconds: whole(1, 60) }),
    faults: faults({ hanging: rate(60), failing: rate(15), late: rate(20) }),
    lagMs: whole(0, 5000),
  }),
  /** Managers take up to twenty minutes to start, longer than the reaper allows. */
  'slow starts': schedule({
    jobs: jobs({ max: 4, last: 900, seconds: 200, webhooks: ['sent'] }),
    fleet: fleet({ drainGraceSeconds: always(180) }),
    faults: faults({ failing: rate(15), until: always(900) }),
    slowStart: always({ min: 600, max: 1200 }),
  }),
  /** GitLab refuses the runner token for a while. */
  'refused token': schedule({
    jobs: jobs({ max: 4, last: 400, seconds: 60, webhooks: ['sent'] }),
    token: fc.record({ refusedAt: whole(0, 200), replacedAt: whole(200, 1200) }),
  }),
} as const;

export type FamilyName = keyof typeof families;
