import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { BASE_IMAGE } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { type BenchJob, type ManagerBench, startManagerBench } from './support/manager-bench.ts';

/** Value of the masked variable of the bench's project. */
const PLANTED = 'planted-secret-8271';

let bench: ManagerBench;

beforeAll(async () => {
  bench = await startManagerBench('service-agent', {
    fleet: { job: { waitForServicesSeconds: 30, imageConfigRegistries: ['docker.io'] } },
  });
}, 240_000);

afterAll(() => bench?.stop(), 60_000);

async function logOf(definition: BenchJob) {
  const job = await bench.runJob(definition);
  return { job, text: job.trace.text };
}

/** Writes its environment and its first process to files that the job can read, and listens. */
const WRITES_ENVIRONMENT = [
  'cat /proc/1/environ > /builds/environment',
  'tr "\\0" "\\n" < /proc/1/cmdline | head -1 > /builds/first-process',
  'exec httpd -f -p 4010',
].join('; ');

describe("a service's environment", () => {
  it("is the same as with the Docker executor: public variables, and the service's own, expanded, byte for byte", async () => {
    const { job, text } = await logOf({
      image: DEMO_IMAGES.busybox,
      variables: { OPEN: 'open', HEALTHCHECK_TCP_PORT: '4010' },
      services: [
        {
          name: DEMO_IMAGES.busybox,
          entrypoint: ['sh', '-c'],
          command: [WRITES_ENVIRONMENT],
          variables: {
            PASSWORD: `pre-$PLANTED`,
            EMPTY: '',
            LINES: 'one\ntwo\n',
            QUOTES: `it's "so" \\ $$HOME \`id\` ü`,
            'discovery.type': 'single node',
            PATH: '/nowhere:/bin:/usr/bin',
          },
        },
      ],
      script: [
        `has() { tr '\\n\\0' '\\1\\n' < /builds/environment | grep -qxF -- "$1" && echo "has $2" || echo "lacks $2"; }`,
        `has "PASSWORD=pre-$PLANTED" secret`,
        `has 'EMPTY=' empty`,
        `has "$(printf 'LINES=one\\001two\\001')" lines`,
        `has 'QUOTES=it'"'"'s "so" \\ $HOME \`id\` ü' quotes`,
        `has 'discovery.type=single node' dots`,
        `has 'PATH=/nowhere:/bin:/usr/bin' path`,
        `has 'OPEN=open' public`,
        `has "CI_PROJECT_PATH=$CI_PROJECT_PATH" predefined`,
        `has "CI_PROJECT_DIR=$CI_PROJECT_DIR" of-runner`,
        `has "PLANTED=$PLANTED" unasked-secret`,
        `tr '\\0' '\\n' < /builds/environment | { grep -c -E '^(AWS_REGION|ECS_|CI_JOB_TOKEN|SSH_PUBLIC_KEY|SHLVL|OLDPWD|_=)' || true; } | sed 's/^/others: /'`,
        'cat /builds/first-process',
      ],
    });
    expect(job.status, text).toBe('success');
    for (const what of [
      'secret',
      'empty',
      'lines',
      'quotes',
      'dots',
      'path',
      'public',
      'predefined',
      'of-runner',
    ])
      expect(text).toContain(`\nhas ${what}\n`);
    for (const line of ['lacks unasked-secret', 'others: 0', '/bin/sh'])
      expect(text).toContain(`\n${line}\n`);

    const [task] = await bench.tasksOf(job);
    const { taskDefinition } = await bench.ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: task?.taskDefinitionArn }),
    );
    const shown = JSON.stringify([task, taskDefinition]);
    expect(shown).toContain('run-service');
    for (const hidden of [PLANTED, 'single node', 'EMPTY', 'CI_PROJECT_PATH'])
      expect(shown).not.toContain(hidden);
  });

  it("has only values that AWS may show if the image's program is unknown, and the log says so", async () => {
    const { job, text } = await logOf({
      image: DEMO_IMAGES.busybox,
      variables: { OPEN: 'open' },
      services: [
        {
          name: DEMO_IMAGES.busybox,
          command: ['sh', '-c', 'env > /builds/environment; exec httpd -f -p 4011'],
          variables: { PASSWORD: '$PLANTED', HEALTHCHECK_TCP_PORT: '4011' },
        },
      ],
      script: [
        'grep -c -e OPEN=open /builds/environment',
        'grep -c -e PASSWORD -e CI_ /builds/environment || true',
      ],
    });
    expect(job.status, text).toBe('success');
    expect(text).toContain(
      `The entry point and command of the service ${DEMO_IMAGES.busybox} are unknown: the request to registry-1.docker.io failed`,
    );
    expect(text).toContain('and without PASSWORD, which contain a value that is not public');
    expect(text).toMatch(/\n1\n.*0\n/s);
    expect(JSON.stringify(await bench.tasksOf(job))).not.toContain(PLANTED);
  });
});

describe("a service's output", () => {
  const ends = (script: string, image: string = DEMO_IMAGES.busybox) =>
    logOf({
      image: DEMO_IMAGES.busybox,
      services: [{ name: image, alias: 'short', entrypoint: ['sh', '-c'], command: [script] }],
      script: ['echo it goes on'],
    });

  it('is also read from /dev/stdout opened by another user', async () => {
    const { text } = await ends(
      'setpriv --reuid=1234 --clear-groups sh -c "echo words of 1234 > /dev/stdout; echo and more > /dev/stderr"; exit 3',
      BASE_IMAGE,
    );
    expect(text).toContain('(short) ended with exit code 3');
    expect(text).toContain('Its last lines:\n  words of 1234\n  and more\n');
  });

  it('never blocks a service, even with 200 MB: the last lines are kept', async () => {
    const { job, text } = await ends('yes "line after line" | head -c 200000000; echo the end of it; exit 5');
    expect(job.status, text).toBe('success');
    expect(text).toContain('(short) ended with exit code 5');
    expect(text).toContain('  line after line\n  the end of it\n');
  });

  it('names the program of a service if it does not exist', async () => {
    const { text } = await logOf({
      image: DEMO_IMAGES.busybox,
      services: [{ name: DEMO_IMAGES.busybox, alias: 'none', entrypoint: ['no-such-program', 'a'] }],
      script: ['echo it goes on'],
    });
    expect(text).toContain('(none) ended with exit code 127');
    expect(text).toContain(`The service was not started: "no-such-program" is not in the image's PATH`);
  });
});
