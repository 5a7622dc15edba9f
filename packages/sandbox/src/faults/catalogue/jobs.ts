import { BUILD_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '../../setup/run-command.ts';
import { cutNetwork, fillDisk, killTask, taskContainerIds } from '../docker-acts.ts';
import type { Fault } from '../fault.ts';
import { smallJob, smallJobs } from '../small-jobs.ts';
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

const diskFull: Fault = {
  name: 'disk-full',
  title: "a job's disk fills up in its script; its neighbours go on",
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const script = [
      ...['mkdir /builds/disk', 'echo "the script has begun"'],
      'until test -e /tmp/full; do sleep 0.2; done',
      'head -c 5000000 /dev/zero > /builds/disk/large && echo "it fits"',
    ];
    const [victim] = await stage.queue([{ name: 'victim', script }, ...smallJobs(2)]);
    if (!victim) return;
    stage.expect(victim, { status: 'failed', failureReason: 'script_failure', says: /No space left/ });
    await stage.scriptBegan(victim);
    const { taskArn } = await stage.taskOf(victim, 'RUNNING');
    await fillDisk(taskArn, BUILD_CONTAINER, '/builds/disk');
    const build = (await taskContainerIds(taskArn)).get(BUILD_CONTAINER) ?? '';
    await runCommand('docker', ['exec', build, 'touch', '/tmp/full']);
    stage.recovering();
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
  ...[jobTaskKilled, spotInterruption, networkCutShort, networkCutForGood, imageMissing, diskFull, cancelled],
];
