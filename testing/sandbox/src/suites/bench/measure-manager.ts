import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import type { Project } from '@serverless-gitlab-runner/gitlab-double';
import { type Log, runCommand, step } from '@serverless-gitlab-runner/machine';
import { type BenchEnvironment, MANY_JOBS } from './bench-environment.ts';
import { type Figure, figureOf, type LimitedMeasurement, limitedFigure, median } from './figure.ts';
import {
  compareStages,
  inContainer,
  inspectContainer,
  type ManagerContainer,
  readUsage,
} from './manager-container.ts';

const MB = 1_000_000;
/** As of the manager's task, in vCPUs. */
const MANAGER_CPU = '0.25';
/** Boots of gitlab-runner alone; the median counts. */
const BOOTS = 3;
const IDLE_SECONDS = 15;
const FIRST_REQUEST_TIMEOUT_MS = 120_000;

/** Short jobs, whose only cost in the manager is that of starting and ending them. */
const SHORT_JOBS = {
  stages: [0, 1, 2, 3].map((stage) => [1, 2, 3, 4, 5].map((job) => `short-${stage}-${job}`)),
  scriptSeconds: 0,
};
/** A log of 10 MB a second. */
const LOG = { megabytesPerSecond: 10, seconds: 20 } as const;

/** Measures one manager: its boot, and what jobs cost it. */
export async function measureManager(environment: BenchEnvironment, log: Log): Promise<Figure[]> {
  const project = await environment.createProject('many', 'manager');
  const boot = await step(log, "The manager's boot, next to that of gitlab-runner alone", () =>
    measureBoot(environment, project),
  );
  const id = await environment.managerContainer('many');
  const stage = await step(log, "A stage over the job's connection, and over a new one", () =>
    measureStage(environment, project, id),
  );
  const overhead = await step(log, `${SHORT_JOBS.stages.flat().length} short jobs`, () =>
    measureOverhead(environment, project, id),
  );
  const output = await step(log, `${LOG.megabytesPerSecond} MB of log a second`, () =>
    measureLog(environment, project, id),
  );
  const memory = await step(log, `${MANY_JOBS} jobs at once`, () => measureMemory(environment, project, id));
  return [boot, stage, ...overhead, ...output, memory];
}

/** From the start of a container to its first request for a job. */
async function measureBoot(environment: BenchEnvironment, project: Project): Promise<Figure> {
  const requests = environment.watchJobRequests();
  try {
    await environment.run(project, 'many', { stages: [['first']], scriptSeconds: 0 });
    const container = await inspectContainer(await environment.managerContainer('many'));
    const own = requests.first('many', () => true);
    if (own === undefined) throw new Error('the manager did not request a job');
    const bare: number[] = [];
    const config = await inContainer(container.id, 'cat /run/runner-manager/config.toml');
    for (let boot = 0; boot < BOOTS; boot += 1) {
      const known = new Set(requests.systems());
      bare.push(
        await bootRunner(environment, container, config, async () => {
          const first = () => requests.first('many', (system) => !known.has(system));
          await environment.waitForRequest(() => first() !== undefined, FIRST_REQUEST_TIMEOUT_MS);
          return first()?.at ?? new Date(Number.NaN);
        }),
      );
    }
    return figureOf({
      figure: `manager: container start to first request for a job at ${MANAGER_CPU} vCPU, to gitlab-runner alone`,
      unit: 's',
      value: (own.at.getTime() - container.startedAt.getTime()) / 1000,
      baseline: median(bare),
      target: 2,
    });
  } finally {
    requests.stop();
  }
}

/** Runs only gitlab-runner in the manager's image. @returns seconds until its first request for a job */
async function bootRunner(
  { runId, networkName }: BenchEnvironment,
  { image }: ManagerContainer,
  config: string,
  firstRequest: () => Promise<Date>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-runner-'));
  writeFileSync(join(folder, 'config.toml'), config);
  const id = (
    await runCommand('docker', [
      ...['run', '--detach', '--rm', '--cpus', MANAGER_CPU, '--network', networkName],
      ...['--label', `${RUN_LABEL}=${runId}`],
      ...['--volume', `${folder}:/bare`, '--entrypoint', 'gitlab-runner', image],
      ...['run', '--config', '/bare/config.toml', '--working-directory', '/bare'],
    ])
  ).trim();
  try {
    const at = await firstRequest();
    const { startedAt } = await inspectContainer(id);
    return (at.getTime() - startedAt.getTime()) / 1000;
  } finally {
    await runCommand('docker', ['kill', id]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStage(environment: BenchEnvironment, project: Project, id: string): Promise<Figure> {
  const pairs = await environment.whileRunning(project, 'many', {}, () => compareStages(id));
  const of = (connection: 'shared' | 'fresh') => median(pairs.map((pair) => pair[connection]));
  return figureOf({
    figure:
      "executor: a stage over the job's connection, to the same over a new connection with ssh's defaults",
    unit: 'ms',
    value: of('shared'),
    baseline: of('fresh'),
    target: 0.15,
  });
}

async function measureOverhead(
  environment: BenchEnvironment,
  project: Project,
  id: string,
): Promise<Figure[]> {
  const idle = await measureCpu(id, () => delay(IDLE_SECONDS * 1000));
  const busy = await measureCpu(id, () => environment.run(project, 'many', SHORT_JOBS));
  const msOf = (part: CpuPart) =>
    ((busy[part] - idle[part]) * busy.seconds * 1000) / SHORT_JOBS.stages.flat().length;
  return partFigures({
    figure: `manager: CPU of a job from prepare to cleanup, of the resident process, the hooks and ssh (idle: ${(idle.own * 100).toFixed(1)} % of a core)`,
    unit: 'ms',
    own: msOf('own'),
    runner: msOf('runner'),
    limit: 300,
  });
}

async function measureLog(environment: BenchEnvironment, project: Project, id: string): Promise<Figure[]> {
  const { megabytesPerSecond, seconds } = LOG;
  const line = `${'x'.repeat(99)}\\n`;
  const script = [
    `awk 'BEGIN { for (i = 0; i < ${MB / 100}; i++) printf "${line}" }' > megabyte`,
    `for second in $(seq ${seconds}); do for one in $(seq ${megabytesPerSecond}); do cat megabyte; done; sleep 1; done`,
  ];
  const { own, runner } = await environment.whileRunning(project, 'many', { script }, async () => {
    await delay(2000);
    return measureCpu(id, () => delay((seconds / 2) * 1000));
  });
  return partFigures({
    figure: `manager: CPU while a job writes up to ${megabytesPerSecond} MB of log a second, of the resident process, the hooks and ssh`,
    unit: '% of a core',
    own: own * 100,
    runner: runner * 100,
    limit: 10,
  });
}

interface PartMeasurement extends Omit<LimitedMeasurement, 'value'> {
  own: number;
  runner: number;
}

/**
 * The CPU of what this project adds to `gitlab-runner`, against its limit, and that of `gitlab-runner`'s own process, to the former.
 * Without `GITLAB_RUNNER_BIN` the latter is that of a double in Node.js, which real installations do not have.
 */
function partFigures({ own, runner, ...figure }: PartMeasurement): Figure[] {
  return [
    limitedFigure({ ...figure, value: own }),
    figureOf({
      figure:
        "manager: the same of gitlab-runner's own process (a double without GITLAB_RUNNER_BIN), to that",
      unit: figure.unit,
      value: runner,
      baseline: own,
    }),
  ];
}

async function measureMemory(environment: BenchEnvironment, project: Project, id: string): Promise<Figure> {
  const before = await readUsage(id);
  const during = await environment.whileRunning(project, 'many', { count: MANY_JOBS }, () => readUsage(id));
  return limitedFigure({
    figure: `manager: memory of a running job, at ${MANY_JOBS} of them, with the runner and its hooks`,
    unit: 'MB',
    value: (during.memoryBytes - before.memoryBytes) / MANY_JOBS / MB,
    limit: 5,
  });
}

/** Cores that are used on average: by `gitlab-runner`'s own process, and by everything else in the manager's container. */
type CpuPart = 'own' | 'runner';

async function measureCpu(
  id: string,
  act: () => Promise<unknown>,
): Promise<Record<CpuPart, number> & { seconds: number }> {
  const before = await readUsage(id);
  await act();
  const after = await readUsage(id);
  const seconds = after.at - before.at;
  const runner = (after.runnerCpuSeconds - before.runnerCpuSeconds) / seconds;
  return { seconds, runner, own: (after.cpuSeconds - before.cpuSeconds) / seconds - runner };
}
