import { breakConnections, cutNetwork, killTask } from '../docker-actions.ts';
import type { Fault } from '../fault.ts';
import type { FaultRun } from '../fault-run.ts';
import { SCRIPT_START_LINE, smallJob, smallJobs } from '../small-jobs.ts';

/** Duration of scripts that must still run when the fault happens, in seconds. */
const LONG = 20;

/** Loses a task in the middle of its job's script, while two other jobs run. The job's log must state the reason. */
function taskLost(
  fault: Pick<Fault, 'name' | 'title'>,
  reason: RegExp,
  lose: (faultRun: FaultRun, taskArn: string) => Promise<unknown>,
): Fault {
  return {
    ...fault,
    runs: 2,
    async run(faultRun) {
      faultRun.addWebhook();
      const victim = await faultRun.queueOne(smallJob('victim', LONG));
      await faultRun.queue(2);
      await faultRun.scriptStarted(victim);
      const task = await faultRun.taskOfJob(victim, 'RUNNING');
      faultRun.expectInterruption(victim, reason);
      await lose(faultRun, task.taskArn);
      faultRun.faultEnded();
      await faultRun.jobsFinished([victim]);
      await faultRun.retry(victim);
    },
  };
}

const jobTaskKilled = taskLost(
  {
    name: 'job-task-killed',
    title: "a job's task is killed in the middle of its script; other jobs continue",
  },
  /task/i,
  (_faultRun, taskArn) => killTask(taskArn),
);

const spotInterruption = taskLost(
  { name: 'spot-interruption', title: "Spot interrupts a job's task in the middle of its script" },
  /spot/i,
  (faultRun, taskArn) => faultRun.switches.interrupt(taskArn, 3),
);

const networkCutShort: Fault = {
  name: 'network-cut-short',
  title: "a job's task has no network for six seconds, in the middle of its script",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    await faultRun.scriptStarted(victim);
    const cut = await cutNetwork((await faultRun.taskOfJob(victim, 'RUNNING')).taskArn);
    await faultRun.pause(6000);
    await cut.restore();
    faultRun.faultEnded();
  },
};

const networkCutForGood: Fault = {
  name: 'network-cut-for-good',
  title: "a job's task loses its network for good",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 120), ...smallJobs(2)]);
    if (!victim) return;
    await faultRun.scriptStarted(victim);
    const task = await faultRun.taskOfJob(victim, 'RUNNING');
    faultRun.expectInterruption(victim, /connection|task/i);
    await cutNetwork(task.taskArn);
    faultRun.faultEnded();
    await faultRun.jobsFinished([victim], 120_000);
    await faultRun.retry(victim);
  },
};

const imageMissing: Fault = {
  name: 'image-missing',
  title: 'a job uses an image that does not exist; other jobs run',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.faultEnded();
    const image = 'registry.invalid/does-not/exist:1';
    const [job] = await faultRun.queue([{ ...smallJob('missing-image'), image }, ...smallJobs(2)]);
    if (job) faultRun.expect(job, { status: 'failed', says: /does-not\/exist/ });
  },
};

const spotJobFinishes: Fault = {
  name: 'spot-job-finishes',
  title: "Spot interrupts a job's task, and the job finishes before the task stops",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const script = [
      ...smallJob('spot', 12).script,
      'echo "written in time" > /builds/late.txt',
      'cat /builds/late.txt',
    ];
    const spot = await faultRun.queueOne({ name: 'spot', script, afterScript: ['cat /builds/late.txt'] });
    await faultRun.queue(2);
    faultRun.expect(spot, {
      status: 'success',
      says: /reclaims this Spot task at [\d:]{8} UTC[\s\S]*the end/,
    });
    await faultRun.scriptStarted(spot);
    const { taskArn } = await faultRun.taskOfJob(spot, 'RUNNING');
    await faultRun.switches.interrupt(taskArn, 60);
    faultRun.faultEnded();
    await faultRun.jobsFinished([spot]);
    await faultRun.expectStopWithin(taskArn, 20_000);
  },
};

const connectionLostAndBack: Fault = {
  name: 'connection-lost-and-back',
  title: "a job's connection breaks in the middle of its script, and is reopened",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    const again = /connection to the job task was lost and reopened[\s\S]*the end/;
    faultRun.expect(victim, { status: 'success', says: again });
    await faultRun.scriptStarted(victim);
    await breakConnections((await faultRun.taskOfJob(victim, 'RUNNING')).taskArn);
    faultRun.faultEnded();
  },
};

/** Size of each volume in MiB. The agent's own files take four of them. */
const SMALL_DISK_MIB = 24;

const logsDenied: Fault = {
  name: 'job-logs-denied',
  title: "ECS, using the execution role, may not create a job task's log stream",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const neighbour = await faultRun.queueOne(smallJob('neighbour', LONG));
    const { taskArn } = await faultRun.taskOfJob(neighbour, 'RUNNING');
    await faultRun.switches.setLogsDenied([await faultRun.executionRoleOf(taskArn)]);
    const victims = await faultRun.queue(2);
    for (const job of victims)
      faultRun.expectInterruption(
        job,
        /could not set up the job task.*logs:CreateLogStream[\s\S]*execution role/,
      );
    await faultRun.jobsFinished(victims);
    await faultRun.switches.setLogsDenied([]);
    faultRun.faultEnded();
    for (const job of victims) await faultRun.retry(job);
  },
};

const diskFull: Fault = {
  name: 'disk-full',
  title: "a job fills its task's disk, including the agent's volume; other jobs continue",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const neighbours = await faultRun.queue(2);
    await Promise.all(neighbours.map((job) => faultRun.taskOfJob(job, 'RUNNING')));
    await faultRun.switches.setDisk(SMALL_DISK_MIB);
    const fill = 'for d in /builds /.job-agent/run; do cat /dev/zero > $d/fill || :; done';
    const fails = {
      status: 'failed',
      failureReason: 'script_failure',
      says: /The disk is full.*FARGATE_EPHEMERAL_STORAGE/,
    } as const;
    const [inScript, later] = await faultRun.queue([
      {
        name: 'in-script',
        script: [`echo "${SCRIPT_START_LINE}"`, fill, 'head -c 5000000 /dev/zero > /builds/large'],
      },
      // Neither its after_script, nor its artifacts, nor the end of the job has disk space.
      {
        name: 'later',
        script: [`echo "${SCRIPT_START_LINE}"`, 'head -c 5000000 /dev/zero > large', fill, 'exit 3'],
        afterScript: ['echo after > /builds/after'],
        artifacts: { paths: ['large'], when: 'always' },
      },
    ]);
    for (const job of [inScript, later]) if (job) faultRun.expect(job, fails);
    await Promise.all([inScript, later].map((job) => job && faultRun.taskOfJob(job, 'RUNNING')));
    await faultRun.switches.setDisk(null);
    faultRun.faultEnded();
    await faultRun.queue(1);
  },
};

const definitionGone: Fault = {
  name: 'definition-gone',
  title: "an operator deregisters the task definitions of a manager's jobs; its next jobs run",
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    // It keeps the manager, which has the definition in its cache, until the others run.
    const keeper = await faultRun.queueOne(smallJob('keeper', LONG));
    await faultRun.scriptStarted(keeper);
    await faultRun.deregisterJobDefinitions();
    faultRun.faultEnded();
    const jobs = await faultRun.queue(2);
    await faultRun.jobsFinished([keeper, ...jobs]);
    faultRun.expectStarted({ managers: 1, jobTasks: 3 });
    const replaced = /Task definition \S+ was deregistered; using \S+ instead/;
    if (!jobs.some(({ trace }) => replaced.test(trace.text)))
      faultRun.problems.push("no job's RunTask was refused because of the deregistered definition");
  },
};

const cancelled: Fault = {
  name: 'cancelled-while-starting',
  title:
    'jobs are cancelled while pending, when a manager takes them, while their tasks start, and in their scripts',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const names = ['waits', 'taken', 'provisioning', 'pending', 'running', 'script'] as const;
    const jobs = await faultRun.queue([...names.map((name) => smallJob(name, LONG)), smallJob('neighbour')]);
    const byName = new Map(jobs.map((job) => [job.name, job]));
    const cancel = async (
      name: (typeof names)[number],
      moment: (job: (typeof jobs)[number]) => Promise<unknown>,
    ) => {
      const job = byName.get(name);
      if (!job) return;
      faultRun.expect(job, { status: 'canceled' });
      await moment(job);
      faultRun.environment.gitlab.cancelJob(job.id);
    };
    await Promise.all([
      cancel('waits', () => Promise.resolve()),
      cancel('taken', (job) =>
        faultRun.environment.gitlab.waitForJob(job.id, ({ status }) => status === 'running'),
      ),
      cancel('provisioning', (job) => faultRun.taskOfJob(job)),
      cancel('pending', (job) => faultRun.taskOfJob(job, 'PENDING', 'ACTIVATING', 'RUNNING')),
      cancel('running', (job) => faultRun.taskOfJob(job, 'RUNNING')),
      cancel('script', (job) => faultRun.scriptStarted(job)),
    ]);
    faultRun.faultEnded();
  },
};

export const jobFaults: readonly Fault[] = [
  ...[jobTaskKilled, spotInterruption, spotJobFinishes],
  ...[networkCutShort, networkCutForGood, connectionLostAndBack],
  ...[imageMissing, logsDenied, diskFull, definitionGone, cancelled],
];
