import { BASE_IMAGE } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { type BenchJob, type ManagerBench, startManagerBench } from './support/manager-bench.ts';
import { buildServiceImages, SERVICE_IMAGES } from './support/service-images.ts';

let bench: ManagerBench;

beforeAll(async () => {
  await buildServiceImages();
  bench = await startManagerBench('services', { fleet: { job: { waitForServicesSeconds: 15 } } });
}, 240_000);

afterAll(() => bench?.stop(), 60_000);

/** Defines a service that runs a shell script. */
const scripted = (alias: string, script: string, variables?: Record<string, string>) => ({
  name: DEMO_IMAGES.busybox,
  alias,
  entrypoint: ['/bin/sh', '-c'],
  command: [script],
  ...(variables ? { variables } : {}),
});

async function logOf(definition: BenchJob) {
  const job = await bench.runJob(definition);
  return { job, text: job.trace.text };
}

describe('services', () => {
  it('are ready when the script starts: a PostgreSQL and a Redis, by name and by alias', async () => {
    const { job, text } = await logOf({
      image: SERVICE_IMAGES.postgres,
      variables: { POSTGRES_PASSWORD: 'open sesame' },
      services: [
        { name: SERVICE_IMAGES.postgres, alias: 'db, main' },
        { name: SERVICE_IMAGES.redis, alias: 'cache' },
      ],
      script: [
        'PGPASSWORD=$POSTGRES_PASSWORD psql -h main -U postgres -tAc "select 40 + 2"',
        `bash -c 'exec 3<> /dev/tcp/cache/6379; echo PING >&3; read -r answer <&3; echo "redis says $answer"'`,
      ],
    });
    expect(job.status, text).toBe('success');
    expect(text).toContain('\n42\n');
    expect(text).toContain('redis says +PONG');
    expect(text).toMatch(/Services are ready after \d+\.\d s/);
    expect(text).not.toContain('WARNING: Service');
  });

  it('are found by name and waited for in an image whose user cannot write to /etc/hosts', async () => {
    const { job, text } = await logOf({
      image: { name: BASE_IMAGE, executorOptions: { docker: { user: '1234' } } },
      services: [scripted('slow', 'sleep 2; exec nc -l -p 4000 -e echo hello')],
      script: ['id -u', 'cat < /dev/tcp/slow/4000'],
    });
    expect(job.status, text).toBe('success');
    expect(text).toContain('\n1234\n');
    expect(text).toContain('\nhello\n');
    expect(text).toMatch(/Services are reachable as .*slow/);
  });

  it('that do not listen, or end, appear in the log with their last lines, and the job continues', async () => {
    const startedAt = Date.now();
    const { job, text } = await logOf({
      image: DEMO_IMAGES.busybox,
      services: [
        scripted('deaf', 'echo "waiting for nothing"; sleep 1000', { HEALTHCHECK_TCP_PORT: '4001' }),
        scripted('dead', 'echo "no configuration"; exit 3'),
      ],
      script: ['echo it goes on'],
    });
    expect(job.status, text).toBe('success');
    expect(text).toContain('(deaf) does not listen on port 4001 after 15 s');
    expect(text).toContain('Its last lines:\n  waiting for nothing\n');
    expect(text).toContain('(dead) ended with exit code 3');
    expect(text).toContain('  no configuration\n');
    expect(text).toContain('\nit goes on\n');
    expect(Date.now() - startedAt).toBeLessThan(45_000);
  });

  it('that end while the script runs appear in the log after the script', async () => {
    const { job, text } = await logOf({
      image: DEMO_IMAGES.busybox,
      services: [scripted('short', 'nc -l -p 4002; echo "cannot go on"; exit 4')],
      script: ['echo bye | nc short 4002', 'sleep 1', 'exit 5'],
    });
    expect([job.status, job.failureReason], text).toEqual(['failed', 'script_failure']);
    expect(text).toContain('(short) ended with exit code 4');
    expect(text).toContain('  cannot go on\n');
  });

  it('that use the same port fail the job: at once if the ports are known, else when one finds its port in use', async () => {
    const known = await logOf({
      script: ['echo it ran'],
      services: [{ name: 'redis:7' }, { name: 'redis:6', alias: 'other' }],
    });
    expect(known.text).toContain('redis:7 and redis:6 (other) both listen on port 6379');
    expect(await bench.tasksOf(known.job)).toEqual([]);
    const found = await logOf({
      image: DEMO_IMAGES.busybox,
      script: ['echo it ran'],
      services: [scripted('one', 'exec httpd -f -p 4003'), scripted('two', 'sleep 1; exec httpd -f -p 4003')],
    });
    expect(found.text).toContain('(two) ended with exit code 1');
    expect(found.text).toContain('Another service or the helper already uses that port');
    for (const { job, text } of [known, found]) {
      expect([job.status, job.failureReason], text).toEqual(['failed', 'script_failure']);
      expect(text).not.toContain('it ran\n');
    }
  });
});

describe('the end of a job log', () => {
  it('shows the duration and cost of the task', async () => {
    const { text } = await logOf({ image: DEMO_IMAGES.busybox, script: ['true'] });
    expect(text).toMatch(/Job task: \d+ s, about \$0\.\d{5} \(1 vCPU, 2 GB, X86_64, FARGATE_SPOT\)/);
  });

  it("reports that memory ran out when the kernel killed one of the script's processes", async () => {
    const { job, text } = await logOf({
      image: BASE_IMAGE,
      variables: { FARGATE_CPU: '256', FARGATE_MEMORY: '512' },
      script: ['tail /dev/zero'],
    });
    expect([job.status, job.failureReason], text).toEqual(['failed', 'script_failure']);
    expect(text).toContain('killed because memory ran out: the task has 0.25 vCPU, 0.5 GB');
  });
});
