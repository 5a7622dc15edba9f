import { breakConnections, cutNetwork, killTask } from '../docker-actions.ts';
import type { Fault } from '../fault.ts';
import type { FaultRun } from '../fault-run.ts';
import { SCRIPT_BEGINS, smallJob, smallJobs } from '../small-jobs.ts';

/** Seconds of scripts that are under way when something happens. */
const LONG = 20;

/** A task is lost in the middle of its job's script, with two neighbours running; GitLab must be told why. */
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
      await faultRun.scriptBegan(victim);
      const task = await faultRun.taskOf(victim, 'RUNNING');
      faultRun.interrupts(victim, reason);
      await lose(faultRun, task.taskArn);
      faultRun.recovering();
      await faultRun.finished([victim]);
      await faultRun.retry(victim);
    },
  };
}

const jobTaskKilled = taskLost(
  {
    name: 'job-task-killed',
    title: "a job's task dies in the middle of its script; its neighbours go on",
  },
  /task/i,
  (_faultRun, taskArn) => killTask(taskArn),
);

const spotInterruption = taskLost(
  { name: 'spot-interruption', title: "Spot takes back a job's task in the middle of its script" },
  /spot/i,
  (faultRun, taskArn) => faultRun.switches.interrupt(taskArn, 3),
);

const networkCutShort: Fault = {
  name: 'network-cut-short',
  title: "a job's task hears nothing for six seconds, in the middle of its script",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    await faultRun.scriptBegan(victim);
    const cut = await cutNetwork((await faultRun.taskOf(victim, 'RUNNING')).taskArn);
    await faultRun.pause(6000);
    await cut.restore();
    faultRun.recovering();
  },
};

const networkCutForGood: Fault = {
  name: 'network-cut-for-good',
  title: "a job's task hears nothing any more",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 120), ...smallJobs(2)]);
    if (!victim) return;
    await faultRun.scriptBegan(victim);
    const task = await faultRun.taskOf(victim, 'RUNNING');
    faultRun.interrupts(victim, /connection|task/i);
    await cutNetwork(task.taskArn);
    faultRun.recovering();
    await faultRun.finished([victim], 120_000);
    await faultRun.retry(victim);
  },
};

const imageMissing: Fault = {
  name: 'image-missing',
  title: 'a job names an image that does not exist; its neighbours run',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.recovering();
    const image = 'registry.invalid/does-not/exist:1';
    const [wrong] = await faultRun.queue([{ ...smallJob('wrong'), image }, ...smallJobs(2)]);
    if (wrong) faultRun.expect(wrong, { status: 'failed', says: /does-not\/exist/ });
  },
};

const spotJobFinishes: Fault = {
  name: 'spot-job-finishes',
  title: "Spot takes back a job's task, and the job finishes before that",
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
    await faultRun.scriptBegan(spot);
    const { taskArn } = await faultRun.taskOf(spot, 'RUNNING');
    await faultRun.switches.interrupt(taskArn, 60);
    faultRun.recovering();
    await faultRun.finished([spot]);
    await faultRun.stopsWithin(taskArn, 20_000);
  },
};

const connectionLostAndBack: Fault = {
  name: 'connection-lost-and-back',
  title: "a job's connection breaks in the middle of its script, and is opened again",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const [victim] = await faultRun.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    const again = /connection to the job task was lost and reopened[\s\S]*the end/;
    faultRun.expect(victim, { status: 'success', says: again });
    await faultRun.scriptBegan(victim);
    await breakConnections((await faultRun.taskOf(victim, 'RUNNING')).taskArn);
    faultRun.recovering();
  },
};

/** MiB of each volume: the agent's own files take four. */
const SMALL_DISK_MIB = 24;

const logsDenied: Fault = {
  name: 'job-logs-denied',
  title: "ECS is denied its own call to open a job task's log, in the name of the execution role",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const neighbour = await faultRun.queueOne(smallJob('neighbour', LONG));
    const { taskArn } = await faultRun.taskOf(neighbour, 'RUNNING');
    await faultRun.switches.setLogsDenied([await faultRun.executionRoleOf(taskArn)]);
    const victims = await faultRun.queue(2);
    for (const job of victims)
      faultRun.interrupts(job, /could not set up the job task.*logs:CreateLogStream[\s\S]*execution role/);
    await faultRun.finished(victims);
    await faultRun.switches.setLogsDenied([]);
    faultRun.recovering();
    for (const job of victims) await faultRun.retry(job);
  },
};

const diskFull: Fault = {
  name: 'disk-full',
  title: "a job fills its task's disk, the agent's volume too; its neighbours go on",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const neighbours = await faultRun.queue(2);
    await Promise.all(neighbours.map((job) => faultRun.taskOf(job, 'RUNNING')));
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
        script: [`echo "${SCRIPT_BEGINS}"`, fill, 'head -c 5000000 /dev/zero > /builds/large'],
      },
      // Neither its after_script, nor its artifacts, nor the end of its job finds room.
      {
        name: 'later',
        script: [`echo "${SCRIPT_BEGINS}"`, 'head -c 5000000 /dev/zero > large', fill, 'exit 3'],
        afterScript: ['echo after > /builds/after'],
        artifacts: { paths: ['large'], when: 'always' },
      },
    ]);
    for (const job of [inScript, later]) if (job) faultRun.expect(job, fails);
    await Promise.all([inScript, later].map((job) => job && faultRun.taskOf(job, 'RUNNING')));
    await faultRun.switches.setDisk(null);
    faultRun.recovering();
    await faultRun.queue(1);
  },
};

const definitionGone: Fault = {
  name: 'definition-gone',
  title: "somebody deregisters the task definitions of a manager's jobs; its next jobs run",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    // It keeps the manager, which knows the definition, until the others run.
    const keeper = await faultRun.queueOne(smallJob('keeper', LONG));
    await faultRun.scriptBegan(keeper);
    await faultRun.deregisterJobDefinitions();
    faultRun.recovering();
    const jobs = await faultRun.queue(2);
    await faultRun.finished([keeper, ...jobs]);
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 3 });
    const replaced = /Task definition \S+ was deregistered; using \S+ instead/;
    if (!jobs.some(({ trace }) => replaced.test(trace.text)))
      faultRun.wrong.push('no job was refused a task for its definition');
  },
};

const cancelled: Fault = {
  name: 'cancelled-while-starting',
  title:
    'jobs are cancelled while they wait, when they are taken, while their tasks start, and in their scripts',
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
      cancel('provisioning', (job) => faultRun.taskOf(job)),
      cancel('pending', (job) => faultRun.taskOf(job, 'PENDING', 'ACTIVATING', 'RUNNING')),
      cancel('running', (job) => faultRun.taskOf(job, 'RUNNING')),
      cancel('script', (job) => faultRun.scriptBegan(job)),
    ]);
    faultRun.recovering();
  },
};

export const jobFaults: readonly Fault[] = [
  ...[jobTaskKilled, spotInterruption, spotJobFinishes],
  ...[networkCutShort, networkCutForGood, connectionLostAndBack],
  ...[imageMissing, logsDenied, diskFull, definitionGone, cancelled],
];
