import { breakConnections, cutNetwork, killTask } from '../docker-acts.ts';
import type { Fault } from '../fault.ts';
import { SCRIPT_BEGINS, smallJob, smallJobs } from '../small-jobs.ts';
import type { Stage } from '../stage.ts';

/** Seconds of scripts that are under way when something happens. */
const LONG = 20;

/** A task is lost in the middle of its job's script, with two neighbours running; GitLab must be told why. */
function taskLost(
  fault: Pick<Fault, 'name' | 'title'>,
  reason: RegExp,
  lose: (stage: Stage, taskArn: string) => Promise<unknown>,
): Fault {
  return {
    ...fault,
    runs: 2,
    async play(stage) {
      stage.addWebhook();
      const victim = await stage.queueOne(smallJob('victim', LONG));
      await stage.queue(2);
      await stage.scriptBegan(victim);
      const task = await stage.taskOf(victim, 'RUNNING');
      stage.interrupts(victim, reason);
      await lose(stage, task.taskArn);
      stage.recovering();
      await stage.finished([victim]);
      await stage.retry(victim);
    },
  };
}

const jobTaskKilled = taskLost(
  {
    name: 'job-task-killed',
    title: "a job's task dies in the middle of its script; its neighbours go on",
  },
  /task/i,
  (_stage, taskArn) => killTask(taskArn),
);

const spotInterruption = taskLost(
  { name: 'spot-interruption', title: "Spot takes back a job's task in the middle of its script" },
  /spot/i,
  (stage, taskArn) => stage.switches.interrupt(taskArn, 3),
);

const networkCutShort: Fault = {
  name: 'network-cut-short',
  title: "a job's task hears nothing for six seconds, in the middle of its script",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const [victim] = await stage.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    await stage.scriptBegan(victim);
    const cut = await cutNetwork((await stage.taskOf(victim, 'RUNNING')).taskArn);
    await stage.pause(6000);
    await cut.restore();
    stage.recovering();
  },
};

const networkCutForGood: Fault = {
  name: 'network-cut-for-good',
  title: "a job's task hears nothing any more",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const [victim] = await stage.queue([smallJob('victim', 120), ...smallJobs(2)]);
    if (!victim) return;
    await stage.scriptBegan(victim);
    const task = await stage.taskOf(victim, 'RUNNING');
    stage.interrupts(victim, /connection|task/i);
    await cutNetwork(task.taskArn);
    stage.recovering();
    await stage.finished([victim], 120_000);
    await stage.retry(victim);
  },
};

const imageMissing: Fault = {
  name: 'image-missing',
  title: 'a job names an image that does not exist; its neighbours run',
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    stage.recovering();
    const image = 'registry.invalid/does-not/exist:1';
    const [wrong] = await stage.queue([{ ...smallJob('wrong'), image }, ...smallJobs(2)]);
    if (wrong) stage.expect(wrong, { status: 'failed', says: /does-not\/exist/ });
  },
};

const spotJobFinishes: Fault = {
  name: 'spot-job-finishes',
  title: "Spot takes back a job's task, and the job finishes before that",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const script = [
      ...smallJob('spot', 12).script,
      'echo "written in time" > /builds/late.txt',
      'cat /builds/late.txt',
    ];
    const spot = await stage.queueOne({ name: 'spot', script, afterScript: ['cat /builds/late.txt'] });
    await stage.queue(2);
    stage.expect(spot, {
      status: 'success',
      says: /takes this Spot task back at [\d:]{8} UTC[\s\S]*the end/,
    });
    await stage.scriptBegan(spot);
    const { taskArn } = await stage.taskOf(spot, 'RUNNING');
    await stage.switches.interrupt(taskArn, 60);
    stage.recovering();
    await stage.finished([spot]);
    await stage.stopsWithin(taskArn, 20_000);
  },
};

const connectionLostAndBack: Fault = {
  name: 'connection-lost-and-back',
  title: "a job's connection breaks in the middle of its script, and is opened again",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const [victim] = await stage.queue([smallJob('victim', 10), ...smallJobs(2)]);
    if (!victim) return;
    const again = /connection to the job task was lost and opened again[\s\S]*the end/;
    stage.expect(victim, { status: 'success', says: again });
    await stage.scriptBegan(victim);
    await breakConnections((await stage.taskOf(victim, 'RUNNING')).taskArn);
    stage.recovering();
  },
};

/** MiB of each volume: the agent's own files take four. */
const SMALL_DISK_MIB = 24;

const logsDenied: Fault = {
  name: 'job-logs-denied',
  title: "ECS is denied its own call to open a job task's log, in the name of the execution role",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const neighbour = await stage.queueOne(smallJob('neighbour', LONG));
    const { taskArn } = await stage.taskOf(neighbour, 'RUNNING');
    await stage.switches.setLogsDenied([await stage.executionRoleOf(taskArn)]);
    const victims = await stage.queue(2);
    for (const job of victims)
      stage.interrupts(job, /could not set up the job task.*logs:CreateLogStream[\s\S]*execution role/);
    await stage.finished(victims);
    await stage.switches.setLogsDenied([]);
    stage.recovering();
    for (const job of victims) await stage.retry(job);
  },
};

const diskFull: Fault = {
  name: 'disk-full',
  title: "a job fills its task's disk, the agent's volume too; its neighbours go on",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const neighbours = await stage.queue(2);
    await Promise.all(neighbours.map((job) => stage.taskOf(job, 'RUNNING')));
    await stage.switches.setDisk(SMALL_DISK_MIB);
    const fill = 'for d in /builds /.job-agent/run; do cat /dev/zero > $d/fill || :; done';
    const fails = {
      status: 'failed',
      failureReason: 'script_failure',
      says: /The disk is full.*FARGATE_EPHEMERAL_STORAGE/,
    } as const;
    const [inScript, later] = await stage.queue([
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
    for (const job of [inScript, later]) if (job) stage.expect(job, fails);
    await Promise.all([inScript, later].map((job) => job && stage.taskOf(job, 'RUNNING')));
    await stage.switches.setDisk(null);
    stage.recovering();
    await stage.queue(1);
  },
};

const definitionGone: Fault = {
  name: 'definition-gone',
  title: "somebody deregisters the task definitions of a manager's jobs; its next jobs run",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    // It keeps the manager, which knows the definition, until the others run.
    const keeper = await stage.queueOne(smallJob('keeper', LONG));
    await stage.scriptBegan(keeper);
    await stage.deregisterJobDefinitions();
    stage.recovering();
    const jobs = await stage.queue(2);
    await stage.finished([keeper, ...jobs]);
    stage.mustHaveStarted({ managers: 1, jobTasks: 3 });
    const replaced = /Task definition \S+ was deregistered: \S+ takes its place/;
    if (!jobs.some(({ trace }) => replaced.test(trace.text)))
      stage.wrong.push('no job was refused a task for its definition');
  },
};

const cancelled: Fault = {
  name: 'cancelled-while-starting',
  title:
    'jobs are cancelled while they wait, when they are taken, while their tasks start, and in their scripts',
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const names = ['waits', 'taken', 'provisioning', 'pending', 'running', 'script'] as const;
    const jobs = await stage.queue([...names.map((name) => smallJob(name, LONG)), smallJob('neighbour')]);
    const byName = new Map(jobs.map((job) => [job.name, job]));
    const cancel = async (
      name: (typeof names)[number],
      moment: (job: (typeof jobs)[number]) => Promise<unknown>,
    ) => {
      const job = byName.get(name);
      if (!job) return;
      stage.expect(job, { status: 'canceled' });
      await moment(job);
      stage.lab.gitlab.cancelJob(job.id);
    };
    await Promise.all([
      cancel('waits', () => Promise.resolve()),
      cancel('taken', (job) => stage.lab.gitlab.waitForJob(job.id, ({ status }) => status === 'running')),
      cancel('provisioning', (job) => stage.taskOf(job)),
      cancel('pending', (job) => stage.taskOf(job, 'PENDING', 'ACTIVATING', 'RUNNING')),
      cancel('running', (job) => stage.taskOf(job, 'RUNNING')),
      cancel('script', (job) => stage.scriptBegan(job)),
    ]);
    stage.recovering();
  },
};

export const jobFaults: readonly Fault[] = [
  ...[jobTaskKilled, spotInterruption, spotJobFinishes],
  ...[networkCutShort, networkCutForGood, connectionLostAndBack],
  ...[imageMissing, logsDenied, diskFull, definitionGone, cancelled],
];
