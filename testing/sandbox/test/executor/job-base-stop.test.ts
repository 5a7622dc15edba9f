import { BASE_IMAGE, runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, describe, expect, it } from 'vitest';
import { type JobContainers, jobContainersPool } from './support/job-containers.ts';

const { start, stopAll } = jobContainersPool();

afterAll(stopAll, 60_000);

describe('a stop', () => {
  const GOES_ON = 'trap "" TERM; echo go; until [ -e /builds/on ]; do sleep 0.1; done; echo done';
  /** Stops a container with `docker stop`, as ECS does. Returns the seconds that it took. */
  const stop = async (job: JobContainers, container: 'build' | 'helper', timeoutSeconds: number) => {
    const startedAt = Date.now();
    await runCommand('docker', ['stop', '--time', String(timeoutSeconds), job.container(container)]);
    return (Date.now() - startedAt) / 1000;
  };

  it('that was announced ends both containers at once, even if a script ignores TERM', async () => {
    const job = await start({ image: BASE_IMAGE });
    for (const stage of ['build_script', 'get_sources']) await job.start(stage, GOES_ON).prints('go');
    await job.ask('leave');
    expect(await stop(job, 'build', 100)).toBeLessThan(3);
    expect(await stop(job, 'helper', 100)).toBeLessThan(3);
  });

  it('that is announced after its TERM ends the container upon the announcement', async () => {
    const job = await start({ image: BASE_IMAGE });
    await job.start('build_script', GOES_ON).prints('go');
    const stopping = stop(job, 'build', 100);
    await job.run('get_sources', 'true');
    await job.ask('leave');
    expect(await stopping).toBeLessThan(10);
  });

  it('is announced by a request in two pieces, seconds apart', async () => {
    // No stage runs, since its checks would come in between.
    const job = await start({ image: BASE_IMAGE });
    await job.exec('build', 'exec 9> /.job-agent/run/requests; printf lea >&9; sleep 5; echo ve >&9');
    expect(await stop(job, 'build', 100)).toBeLessThan(3);
  });

  it('that is never announced takes no longer than 20 s', async () => {
    const job = await start({ image: BASE_IMAGE });
    await job.start('build_script', GOES_ON).prints('go');
    expect(await stop(job, 'build', 100)).toBeLessThan(20);
  });

  it('by Spot lets the job continue, appears in its log, and ends with the job', async () => {
    const job = await start({ image: BASE_IMAGE });
    const running = job.start('build_script', GOES_ON);
    await running.prints('go');
    const stopping = stop(job, 'build', 100);
    await job.ask('spot', 'AWS reclaims this Spot task at 12:00:00 UTC\nand no second line\n');
    await running.prints('AWS reclaims');
    await job.exec('build', 'touch /builds/on');
    expect(await running.result).toEqual({
      output: Buffer.from('go\nAWS reclaims this Spot task at 12:00:00 UTC\ndone\n'),
      end: 'exit 0',
    });
    expect((await job.run('after_script', 'echo after')).output.toString()).toBe('after\n');
    await job.ask('leave');
    await stopping;
  });

  it('by Spot lets a stage of the helper end', async () => {
    const job = await start({ image: BASE_IMAGE });
    const upload = job.start('upload_artifacts_on_success', GOES_ON);
    await upload.prints('go');
    await job.ask('spot', '');
    const stopping = stop(job, 'helper', 100);
    await job.exec('build', 'touch /builds/on');
    expect((await upload.result).end).toBe('exit 0');
    expect(await stopping).toBeLessThan(20);
  });
});
