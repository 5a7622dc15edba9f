import type { JobAnswer, JobRow, ManagerRow, Snapshot } from '@serverless-gitlab-runner/cli/ui';

/** A name that would run a script if it became HTML. */
export const HOSTILE_NAME = '<img src=x onerror="document.title=\'hacked\'">';

const MANAGERS = ['3f8a51c07be24d1f', 'a1c4e7902d6b4f83', '77d0b2ce91aa4c55', 'e5b90c1346f84a1e'].map((id) =>
  id.padEnd(32, '0'),
);

/** Seconds before now: queued, task requested, pull started, pull ended, started, ended. */
type Times = readonly (number | undefined)[];

interface Place {
  project: string;
  ref?: string;
  fleet?: string;
}

interface Sample extends Place {
  name?: string;
  state: JobRow['state'];
  outcome?: NonNullable<JobRow['outcome']>;
  times: Times;
  costUsd?: number;
}

const APP = { project: 'shop/storefront', ref: 'main' };
const API = { project: 'shop/payments-api', ref: 'feature/refunds-by-webhook' };
const DOCS = { project: 'handbook', ref: 'main' };
const GPU = { project: 'research/segmentation', ref: 'main', fleet: 'large' };

const IN_FLIGHT: Sample[] = [
  { project: API.project, state: 'queued', times: [9] },
  { project: 'shop/search', state: 'queued', times: [41] },
  { ...API, state: 'starting', times: [58, 52, 31] },
  { ...APP, name: 'lighthouse', state: 'running', times: [190, 182, 168, 141, 138] },
  { ...APP, name: 'e2e: search', state: 'running', times: [320, 312, 300, 281, 279] },
  { ...GPU, name: 'train:fold-3', state: 'running', times: [2400, 2390, 2375, 2290, 2288] },
];

const ended = (
  name: string,
  place: Place,
  start: number,
  ran: number,
  costUsd: number,
  wait = 34,
): Sample => ({
  ...place,
  name,
  state: 'ended',
  outcome: 'completed',
  costUsd,
  times: [start + wait, start + wait - 5, start + wait - 16, start + 3, start, start - ran],
});

const ENDED: Sample[] = [
  ended('unit: 3/4', APP, 380, 71, 0.0009),
  ended('unit: 2/4', APP, 382, 88, 0.0011),
  ended('unit: 1/4', APP, 383, 64, 0.0009),
  {
    ...API,
    name: 'integration (postgres)',
    state: 'ended',
    outcome: 'start-failed',
    times: [700, 694, 680, undefined, undefined, 652],
    costUsd: 0.0008,
  },
  ended('build', APP, 560, 131, 0.0021, 61),
  ended('pages', DOCS, 905, 38, 0.0008),
  ended('integration (postgres)', API, 1210, 204, 0.0047, 44),
  { ...ended('e2e: checkout', APP, 1490, 260, 0.0061), outcome: 'lost' },
  ended('train:fold-2', GPU, 3290, 870, 0.0713, 118),
  ended('lint', API, 1650, 29, 0.0007),
  ended('lint', APP, 2050, 31, 0.0007),
  ended('container image', API, 2480, 190, 0.0038, 52),
];

function toRow(sample: Sample, index: number, at: number): JobRow {
  const [queuedAt, requestedAt, pullStartedAt, pullStoppedAt, startedAt, endedAt] = sample.times.map(
    (seconds) => (seconds === undefined ? undefined : at - seconds * 1000),
  );
  const jobId = 48_210 - index;
  const taskId = requestedAt === undefined ? undefined : `${jobId}c0ffee`.padEnd(32, '0');
  return {
    id: taskId ?? `job ${jobId}`,
    jobId,
    ...{ name: sample.name, project: sample.project, ref: sample.ref, fleet: sample.fleet ?? 'default' },
    taskId,
    managerTaskId: taskId && MANAGERS[sample.fleet ? 2 : index % 2],
    state: sample.state,
    outcome: sample.outcome,
    costUsd: sample.costUsd,
    pageUrl: `https://gitlab.example.com/${sample.project}/-/jobs/${jobId}`,
    ...{ queuedAt, requestedAt, pullStartedAt, pullStoppedAt, startedAt, endedAt },
  };
}

function manager(
  index: number,
  fleet: string,
  state: ManagerRow['state'],
  times: Times,
  jobs: number,
): ManagerRow {
  const [requestedAt, startedAt, drainAt, endedAt] = times;
  return {
    ...{ taskId: MANAGERS[index] ?? '', fleet, slot: index % 2, state, jobs },
    ...{ requestedAt, startedAt, drainAt, endedAt },
  };
}

/** An installation with two fleets on a usual afternoon. */
export function sampleSnapshot(at: number): Snapshot {
  const ago = (...seconds: (number | undefined)[]) =>
    seconds.map((one) => (one === undefined ? undefined : at - one * 1000));
  return {
    ...{ at, region: 'eu-west-1', hours: 6, isCut: false, omittedJobs: 0 },
    fleets: [
      {
        ...{ name: 'default', gitlabUrl: 'https://gitlab.example.com', maxManagers: 5, concurrentJobs: 4 },
        ...{ usesApi: false, runnerToken: true, webhookSecret: true, managers: 2, jobs: 3 },
      },
      {
        ...{ name: 'large', gitlabUrl: 'https://gitlab.example.com', maxManagers: 1, concurrentJobs: 1 },
        ...{ usesApi: false, runnerToken: true, webhookSecret: true, managers: 1, jobs: 1 },
      },
    ],
    queue: { messages: 2, launcherDeadLetters: 1, reaperDeadLetters: 0 },
    warnings: ['1 message is in the dead-letter queues (launcher 1, reaper 0): npx sgr redrive'],
    managers: [
      manager(1, 'default', 'running', ago(640, 622), 2),
      manager(0, 'default', 'draining', ago(2160, 2141, 130), 1),
      manager(2, 'large', 'running', ago(3460, 3440), 1),
      manager(3, 'default', 'stopped', ago(3300, 3284, 2600, 2540), 0),
    ],
    jobs: [...IN_FLIGHT, ...ENDED].map((sample, index) => toRow(sample, index, at)),
    costs: costs(),
  };
}

function costs(): Snapshot['costs'] {
  const sumOf = (samples: readonly Sample[]) => ({
    tasks: samples.length,
    hours: samples.reduce((sum, { times }) => sum + ((times[1] ?? 0) - (times[5] ?? 0)) / 3600, 0),
    costUsd: samples.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0),
  });
  const rows = [...Map.groupBy(ENDED, ({ project }) => project)].map(([name, own]) => ({
    name,
    ...sumOf(own),
  }));
  return { rows: rows.sort((one, other) => other.costUsd - one.costUsd), total: sumOf(ENDED) };
}

/** What `sgr why` says of a job of the sample. */
export function sampleAnswer(jobId: number, at: number): JobAnswer {
  const step = (seconds: number, what: string) => ({ at: at - seconds * 1000, what });
  return {
    jobId,
    state: 'starting',
    summary: 'Fargate pulls the images of the job, its services and the helper',
    since: at - 31_000,
    advice: ['Smaller images start faster: see "Faster starts" in docs/writing-jobs.md'],
    steps: [
      step(58, 'webhook accepted for fleet default'),
      step(57, 'launcher: a manager runs for it'),
      step(52, 'task 48208c0f requested'),
      step(31, 'pull of the images started'),
    ],
    gitlabProblems: [],
  };
}
