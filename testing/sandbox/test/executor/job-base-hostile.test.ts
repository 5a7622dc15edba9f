import { BASE_IMAGE, until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobContainers, jobContainersPool } from './support/job-containers.ts';

const { start, stopAll } = jobContainersPool();
const RUN = '/.job-agent/run';

afterAll(stopAll, 60_000);

describe("what a job puts in place of its agent's files", () => {
  let job: JobContainers;

  beforeAll(async () => {
    job = await start({ image: BASE_IMAGE });
    await job.exec('helper', 'echo secret > /run/secret; chmod 600 /run/secret');
  });

  it.each([
    ['a link to a file of the helper', `ln -s /run/secret ${RUN}/ready`],
    ['a link to a device', `ln -s /dev/zero ${RUN}/ready`],
    ['a device', `mknod ${RUN}/ready c 1 5`],
    ['a FIFO without a writer', `mkfifo ${RUN}/ready`],
    ['a folder', `mkdir ${RUN}/ready`],
    ['a file without a newline', `head -c 3000000 /dev/zero > ${RUN}/ready`],
    ['other text', `echo "user=0 shell=\`id\` $(printf '\\033')[31m" > ${RUN}/ready`],
  ])('is not returned as the answer: %s', async (_, replace) => {
    const kept = await job.exec('build', `cat ${RUN}/ready`);
    await job.exec('build', `rm -rf ${RUN}/ready; ${replace}`);
    const answer = job.ask('ready');
    // Afterwards the helper has read it once. Meanwhile it serves other requests.
    await job.run('get_sources', 'true');
    await job.exec('build', `rm -rf ${RUN}/ready; echo "${kept.trim()}" > ${RUN}/ready`);
    expect(await answer).toBe(kept);
  });

  it("is not followed: a link into the helper in place of a stage's folder", async () => {
    await job.exec('helper', 'mkdir -p /run/target');
    await job.exec('build', `ln -s /run/target ${RUN}/build_script.known`);
    const { output, end } = await job.start('build_script', 'echo no', 'known').result;
    expect(end).toBe('exit 1');
    expect(output.toString()).toBe("ERROR: This stage's script could not be written: File exists.\n");
    expect(await job.exec('helper', 'ls -A /run/target')).toBe('');
  });

  it.each([
    ['a link to a file of the helper', 'ln -s /run/secret requests'],
    ['a file', ': > requests'],
    ['a device', 'mknod requests c 1 3'],
    ['nothing', ':'],
    ['a FIFO without a reader', 'mkfifo requests'],
  ])(
    "loses the stage but does not affect the helper: %s in place of the agent's FIFO",
    async (_, replace) => {
      await job.exec('build', `cd ${RUN} && mv requests kept && ${replace}`);
      expect(await job.run('build_script', 'echo no')).toEqual({ output: Buffer.alloc(0), end: 'lost' });
      await job.exec('build', `cd ${RUN} && rm -f requests && mv kept requests`);
      expect(await job.exec('helper', 'cat /run/secret')).toBe('secret\n');
      expect((await job.run('build_script', 'echo yes')).output.toString()).toBe('yes\n');
    },
  );

  it.each([
    ['exit 99999999'],
    ['exit [1-9]'],
    ['exit 0/../../../why/4711'],
    ['exit 256'],
    ['exit -1'],
    ['anything'],
  ])('is not accepted as an exit code: %s', async (words) => {
    const script = `echo '${words}' > ${RUN}/build_script.*/exit; sleep 60`;
    expect((await job.run('build_script', script)).end).toBe('lost');
  });

  it('does not flood the helper: endless output in place of an exit code', async () => {
    const flood = `yes > ${RUN}/build_script.flood/exit & sleep 60`;
    expect((await job.start('build_script', flood, 'flood').result).end).toBe('lost');
    await job.exec(
      'build',
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = yes ] && kill -9 "$(basename $p)"; done; :',
    );
    expect((await job.run('get_sources', 'echo here')).output.toString()).toBe('here\n');
  });

  it("does not reach the helper's agent", async () => {
    await job.exec('build', 'for f in busybox bash agent; do cp /bin/false /.job-agent/$f.new; done');
    await job.exec('build', 'cd /.job-agent && for f in bash agent; do mv $f.new $f; done');
    expect((await job.run('get_sources', 'echo unharmed')).output.toString()).toBe('unharmed\n');
  });
});

describe('a job that kills every process it can', () => {
  it('ends its own stage only', async () => {
    const job = await start({ image: BASE_IMAGE });
    const startedAt = Date.now();
    expect((await job.run('build_script', 'kill -9 -1; while :; do sleep 1; done')).end).toBe('exit 137');
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect((await job.run('after_script', 'echo after')).output.toString()).toBe('after\n');
  });

  it('is cancelled although its script ignores TERM and its agent receives no requests', async () => {
    const job = await start({ image: BASE_IMAGE });
    const script = `rm ${RUN}/requests; mkfifo ${RUN}/requests; trap "" TERM; echo go; while :; do sleep 0.1; done`;
    const running = job.start('build_script', script, 'deaf');
    await running.prints('go');
    await job.ask('cancel 1 deaf');
    expect((await running.result).end).toBe('lost');
  });
});

describe('a full disk', () => {
  it('fails stages of the job with a message, and the helper continues to work', async () => {
    const job = await start({ image: BASE_IMAGE, diskMib: 12, deadManSeconds: 4 });
    const fill = 'for d in /builds /.job-agent/run; do cat /dev/zero > $d/fill; done; echo filled; exit 7';
    const filled = await job.run('build_script', fill);
    expect(filled.end).toBe('exit 7');
    expect(filled.output.toString()).toMatch(/No space left on device[\s\S]*filled/);
    expect(await job.run('after_script', `echo after\n#${'x'.repeat(100_000)}`)).toEqual({
      output: Buffer.from("ERROR: The task's disk is full: this stage's script could not be written.\n"),
      end: 'exit 1',
    });
    expect(await job.ask('disk')).toMatch(/ 0 +100% \/builds\n$/);
    // Longer than the dead man's switch: heartbeats take effect on a full disk, too.
    const startedAt = Date.now();
    await until("more than the time of the dead man's switch", async () => {
      await job.ask('heartbeat');
      return Date.now() - startedAt > 8000 ? true : undefined;
    });
    const upload = 'echo x > /builds/file || exit 3';
    expect(await job.run('upload_artifacts_on_failure', upload)).toMatchObject({ end: 'exit 3' });
    expect((await job.run('cleanup_file_variables', 'rm /builds/fill; echo clean')).output.toString()).toBe(
      'clean\n',
    );
  });
});

describe("the helper's own log", () => {
  it('is closed before any code of the job can run', async () => {
    const job = await start({ image: BASE_IMAGE });
    const shout = 'for f in /proc/[0-9]*/fd/[12]; do echo "from the job" >> $f; done 2> /dev/null; true';
    expect((await job.run('get_sources', shout)).end).toBe('exit 0');
    expect(await job.log('helper')).not.toContain('from the job');
  });
});
