import { BASE_IMAGE, runCommand, tryCommand, until } from '@serverless-gitlab-runner/machine';
import { afterAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { HELPER_IMAGE, type JobContainers, jobContainersPool } from './support/job-containers.ts';

const { start, stopAll } = jobContainersPool();

afterAll(stopAll, 60_000);

/** Status and exit code of a job's helper. */
async function stateOf(job: JobContainers): Promise<string> {
  const format = '{{.State.Status}} {{.State.ExitCode}}';
  return (await runCommand('docker', ['inspect', '-f', format, job.container('helper')])).trim();
}

describe('cancelling', () => {
  it.each(['build_script', 'get_sources'])(
    '%s gives the script time to end, and later stages can run',
    async (stage) => {
      const job = await start({ image: BASE_IMAGE });
      const running = job.start(stage, 'trap "echo last words; exit 9" TERM; echo go; sleep 100 & wait');
      await running.prints('go');
      await job.ask('cancel 10');
      expect(await running.result).toEqual({ output: Buffer.from('go\nlast words\n'), end: 'exit 9' });
      expect((await job.run('after_script', 'echo after')).output.toString()).toBe('after\n');
    },
  );

  it('kills a script that does not end, including its children', async () => {
    const job = await start({ image: BASE_IMAGE });
    const stubborn = 'trap "" TERM; (while :; do sleep 0.1; done) & echo go; while :; do sleep 0.1; done';
    const running = job.start('build_script', stubborn);
    await running.prints('go');
    await job.ask('cancel 1');
    expect((await running.result).end).toBe('exit 137');
    const left = 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; done | grep -c script';
    expect((await job.run('after_script', left)).output.toString()).toBe('1\n');
  });

  it.each(['build_script', 'get_sources'])('%s before it has started takes effect', async (stage) => {
    const job = await start({ image: BASE_IMAGE });
    await job.ask('cancel 5 early');
    expect(await job.start(stage, 'echo never', 'early').result).toEqual({
      output: Buffer.alloc(0),
      end: 'exit 143',
    });
    expect((await job.start(stage, 'echo another', 'later').result).output.toString()).toBe('another\n');
  });

  it('while the script is being sent takes effect', async () => {
    const job = await start({ image: BASE_IMAGE });
    const sending = job.send('stage build_script 1000 half', 'echo never');
    await until('the stage', () =>
      job.exec('helper', 'ls /dev/shm/job-helper/stages/half/pid').catch(() => undefined),
    );
    await job.ask('cancel 5 half');
    expect((await sending).end).toBe('exit 143');
  });

  it('with nothing running does nothing', async () => {
    const job = await start({ image: BASE_IMAGE });
    expect(await job.ask('cancel 1')).toBe('');
    expect((await job.run('build_script', 'echo still here')).output.toString()).toBe('still here\n');
  });
});

describe('a broken connection', () => {
  const AGAIN = /The connection to the job task was lost and reopened; output in between may be missing\.\n/;

  it('does not end the stage: the next connection continues it, and the script runs once', async () => {
    const job = await start({ image: BASE_IMAGE });
    const script =
      'echo run >> /builds/runs; echo go; until [ -e /builds/on ]; do sleep 0.1; done; echo end; exit 5';
    const first = job.start('build_script', script, 'one');
    await first.prints('go');
    await job.disconnect();
    expect((await first.result).end).toMatch(/no end reported/);
    const second = job.start('build_script', script, 'one');
    await second.prints('lost and reopened');
    await job.exec('build', 'touch /builds/on');
    const { output, end } = await second.result;
    expect(end).toBe('exit 5');
    expect(output.toString()).toMatch(new RegExp(`^${AGAIN.source}end\n$`));
    expect(await job.exec('build', 'cat /builds/runs')).toBe('run\n');
  });

  it('delays the output, and the next connection gets the end of a stage that ended meanwhile', async () => {
    const job = await start({ image: BASE_IMAGE });
    const script = 'echo go; until [ -e /builds/on ]; do sleep 0.1; done; sleep 1; seq 1 200000; exit 6';
    const first = job.start('build_script', script, 'two');
    await first.prints('go');
    await job.exec('build', 'touch /builds/on');
    await job.disconnect();
    await first.result;
    const { output, end } = await job.start('build_script', script, 'two').result;
    expect(end).toBe('exit 6');
    expect(output.toString()).toMatch(/lost and reopened.*\n[\s\S]*\n200000\n$/);
  });

  it('while the script is being sent restarts the stage', async () => {
    const job = await start({ image: BASE_IMAGE });
    const sending = job.send('stage build_script 1000 three', 'echo half');
    await until('the stage', () =>
      job.exec('helper', 'ls /dev/shm/job-helper/stages/three/pid').catch(() => undefined),
    );
    await job.disconnect();
    await sending;
    expect((await job.start('build_script', 'echo whole', 'three').result).output.toString()).toBe('whole\n');
  });
});

describe('services', () => {
  it('are waited for: known ports, and a number of unknown ones', async () => {
    const job = await start({ image: DEMO_IMAGES.busybox });
    expect(await job.ask('await-ports 0 1 4001')).toBe('ports:\n');
    const waiting = job.ask('await-ports 20 1 4001');
    await job.run(
      'build_script',
      'nc -l -p 4001 > /dev/null & sleep 0.3; nc -l -p 4002 > /dev/null & exit 0',
    );
    expect(await waiting).toBe('ports: 4001 4002\n');
  });

  it('that do not listen are waited for no longer than requested', async () => {
    const job = await start({ image: DEMO_IMAGES.busybox });
    const startedAt = Date.now();
    expect(await job.ask('await-ports 1 0 4001')).toBe('ports:\n');
    expect(Date.now() - startedAt).toBeLessThan(4000);
  });
});

describe('when something fails', () => {
  it('a stage whose container ended is lost at once', async () => {
    const job = await start({ image: BASE_IMAGE });
    const running = job.start('build_script', 'echo go; sleep 100');
    await running.prints('go');
    await runCommand('docker', ['kill', job.container('build')]);
    expect(await running.result).toEqual({ output: Buffer.from('go\n'), end: 'lost' });
  });

  it('an incomplete script is not run', async () => {
    const job = await start({ image: BASE_IMAGE });
    const cut = await job.run('build_script', 'echo "half a script runs"', 1000);
    expect(cut).toEqual({ output: Buffer.alloc(0), end: 'lost' });
  });

  it('a helper without heartbeats ends itself, and one with heartbeats does not', async () => {
    const [withoutHeartbeat, withHeartbeat] = await Promise.all([
      start({ image: BASE_IMAGE, deadManSeconds: 3 }),
      start({ image: BASE_IMAGE, deadManSeconds: 3 }),
    ]);
    await until('the end of a helper', async () => {
      await withHeartbeat.ask('heartbeat');
      return (await stateOf(withoutHeartbeat)) === 'exited 70' ? true : undefined;
    });
    expect(await stateOf(withHeartbeat)).toBe('running 0');
  });

  it('a task that no job claims ends in time, and one with a stage does not', async () => {
    const start3 = () => start({ image: BASE_IMAGE, unclaimedSeconds: 3 });
    const [unclaimed, claimed] = await Promise.all([start3(), start3()]);
    expect((await claimed.run('build_script', 'echo claimed')).output.toString()).toBe('claimed\n');
    await until('the end of the unclaimed task', async () => {
      await Promise.all([unclaimed.ask('heartbeat').catch(() => undefined), claimed.ask('heartbeat')]);
      return (await stateOf(unclaimed)) === 'exited 70' ? true : undefined;
    });
    expect(await stateOf(claimed)).toBe('running 0');
  });

  it('a helper that cannot start logs the reason', async () => {
    const { stderr } = await tryCommand('docker', ['run', '--rm', HELPER_IMAGE]);
    expect(stderr).toContain('SSH_PUBLIC_KEY');
  });

  it('a helper whose port is in use logs it and exits with 71', async () => {
    const taken = '"$0" nc -l -p 10022 > /dev/null & sleep 0.5; exec /usr/local/lib/job-helper/entrypoint';
    const { code, stderr } = await tryCommand('docker', [
      ...['run', '--rm', '-e', 'SSH_PUBLIC_KEY=ssh-ed25519 AAAA', '-e', 'JOB_ID=4711'],
      ...['--entrypoint', '/bin/sh', HELPER_IMAGE, '-c', taken, '/bin/busybox'],
    ]);
    const [line = ''] = /\{.*\}/.exec(stderr) ?? [];
    expect({ code, ...JSON.parse(line) }).toEqual({
      code: 71,
      level: 'ERROR',
      service: 'job-helper',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/),
      message: 'helper cannot start',
      jobId: 4711,
      problem: expect.stringContaining('port 10022'),
    });
  });

  it('a helper accepts no other request and runs no shell commands', async () => {
    const job = await start({ image: BASE_IMAGE });
    expect(await job.ask('id')).toBe('');
    expect(await job.ask('stage get_sources; id')).toBe('');
  });
});
