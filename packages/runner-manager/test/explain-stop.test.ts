import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { explainStop } from '../src/task/explain-stop.ts';

const pull = (words: string) => `CannotPullContainerError: ${words}`;
const NO_ARM =
  "pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/arm64'";

/** A stopped task with what ECS says of it and its build container. */
const stopped = (stoppedReason: string, build: object = {}, more: Partial<Task> = {}): Task => ({
  lastStatus: 'STOPPED',
  desiredStatus: 'STOPPED',
  cpu: '1024',
  memory: '2048',
  stoppedReason,
  containers: [{ name: 'helper' }, { name: 'build', ...build }],
  ...more,
});

/** A task that ECS stopped because an essential container had exited. */
const afterExit = (...containers: { name: string; exitCode: number }[]): Task =>
  stopped('Essential container in task exited', {}, { stopCode: 'EssentialContainerExited', containers });

interface Case {
  what: string;
  task: Task;
  fault: string;
  says: string;
}

const cases: Case[] = [
  {
    what: 'an image that does not exist',
    task: stopped(
      pull(
        'pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/nope:1: not found',
      ),
    ),
    fault: 'job',
    says: 'The image does not exist',
  },
  {
    what: 'an image of ECR that does not exist',
    task: stopped(pull('The repository with name x does not exist in the registry with id 1')),
    fault: 'job',
    says: 'The image does not exist',
  },
  {
    what: 'a private image',
    task: stopped(
      pull(
        'pull access denied, repository does not exist or may require authorization: authorization failed',
      ),
    ),
    fault: 'job',
    says: 'denied access to this image',
  },
  {
    what: "a registry's limit",
    task: stopped(pull('429 Too Many Requests: toomanyrequests: You have reached your pull rate limit')),
    fault: 'system',
    says: 'limits how often',
  },
  {
    what: 'a registry that is not reached',
    task: stopped(pull('dial tcp: lookup registry.example.com: no such host')),
    fault: 'system',
    says: 'could not be pulled',
  },
  {
    what: 'an image without ARM64',
    task: stopped(
      pull(NO_ARM),
      { image: 'tool:1', reason: pull(NO_ARM) },
      { attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }] },
    ),
    fault: 'job',
    says: 'tool:1 is not available for ARM64; choose one that is, or set FARGATE_ARCHITECTURE (or `docker: platform`) to X86_64.',
  },
  {
    what: 'an image for ARM64 only',
    task: stopped(
      pull("image Manifest does not contain descriptor matching platform 'linux/amd64'"),
      {},
      { attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }] },
    ),
    fault: 'job',
    says: 'An image of the job is not available for X86_64; choose one that is, or set FARGATE_ARCHITECTURE (or `docker: platform`) to ARM64.',
  },
  {
    what: 'an image whose programs are for another architecture than it says',
    task: stopped('Essential container in task exited', {
      image: 'tool:1',
      exitCode: 1,
      reason: 'CannotStartContainerError: exec /bin/sh: exec format error',
    }),
    fault: 'job',
    says: 'tool:1 is not available for X86_64',
  },
  {
    what: "the helper's image for another architecture",
    task: stopped(
      pull(NO_ARM),
      {},
      {
        attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }],
        containers: [{ name: 'helper', image: 'helper:1', reason: pull(NO_ARM) }],
      },
    ),
    fault: 'system',
    says: "The helper's image helper:1 is not available for ARM64. Contact this fleet's administrator.",
  },
  {
    what: "a service's image",
    task: stopped(
      pull('not found'),
      {},
      { containers: [{ name: 'svc-0', reason: pull('failed to resolve ref nope:1: not found') }] },
    ),
    fault: 'job',
    says: "A service's image could not be pulled: ",
  },
  {
    what: "the helper's image",
    task: stopped(pull('not found'), {}, { containers: [{ name: 'helper', reason: pull('not found') }] }),
    fault: 'system',
    says: "Contact this fleet's administrator",
  },
  {
    what: 'Spot interruption',
    task: stopped('Your Spot Task was interrupted.', { exitCode: 143 }, { stopCode: 'SpotInterruption' }),
    fault: 'system',
    says: 'reclaimed the Spot capacity',
  },
  {
    what: 'no capacity after RunTask accepted',
    task: stopped(
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    ),
    fault: 'capacity',
    says: 'no capacity',
  },
  {
    what: 'out of memory',
    task: stopped('Essential container in task exited', {
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    }),
    fault: 'job',
    says: 'The build container ran out of memory: the task has 1 vCPU, 2 GB',
  },
  {
    what: 'a helper out of memory',
    task: stopped(
      'Essential container in task exited',
      {},
      {
        containers: [{ name: 'helper', exitCode: 137, reason: 'OutOfMemoryError: Container killed' }],
      },
    ),
    fault: 'system',
    says: 'The helper container ran out of memory',
  },
  {
    what: 'a disk that an image fills',
    task: stopped(pull('failed to extract layer: write /usr/lib/x: no space left on device')),
    fault: 'job',
    says: 'it has 20 GB for images and files. Increase FARGATE_EPHEMERAL_STORAGE',
  },
  {
    what: 'a user that the image does not know',
    task: stopped('CannotStartContainerError: unable to find user joe: no matching entries in passwd file'),
    fault: 'job',
    says: 'Use a numeric id',
  },
  {
    what: 'a container that Fargate could not start',
    task: stopped('CannotStartContainerError: OCI runtime create failed'),
    fault: 'system',
    says: 'could not be started',
  },
  {
    what: 'subnets from which AWS is not reached',
    task: stopped('ResourceInitializationError: unable to pull secrets or registry auth: context deadline'),
    fault: 'system',
    says: 'the job subnets must reach AWS',
  },
  {
    what: 'a stop from outside',
    task: stopped('cost control', { exitCode: 143 }, { stopCode: 'UserInitiated' }),
    fault: 'system',
    says: 'stopped from outside: cost control',
  },
  {
    what: 'the end of the build container',
    task: stopped(
      'Essential container in task exited',
      { exitCode: 137 },
      { stopCode: 'EssentialContainerExited' },
    ),
    fault: 'system',
    says: 'The build container exited with code 137',
  },
  {
    what: 'the end of the helper',
    task: stopped(
      'Essential container in task exited',
      {},
      {
        containers: [
          { name: 'helper', exitCode: 70 },
          { name: 'build', exitCode: 143 },
        ],
      },
    ),
    fault: 'system',
    says: 'The helper stopped the job task (exit code 70): no heartbeat from its manager',
  },
  {
    what: "the end of the helper's SSH server",
    task: stopped(
      'Essential container in task exited',
      {},
      {
        containers: [
          { name: 'build', exitCode: 137 },
          { name: 'helper', exitCode: 71 },
        ],
      },
    ),
    fault: 'system',
    says: 'The helper stopped the job task (exit code 71): its SSH server or agent exited.',
  },
  {
    what: 'a helper that was killed, and a build container that ECS then killed too',
    task: afterExit({ name: 'build', exitCode: 137 }, { name: 'helper', exitCode: 137 }),
    fault: 'system',
    says: 'The helper container exited with code 137',
  },
  {
    what: 'a build container that ended, and a helper that was then stopped',
    task: afterExit({ name: 'helper', exitCode: 0 }, { name: 'build', exitCode: 3 }),
    fault: 'system',
    says: 'The build container exited with code 3',
  },
  {
    what: 'a build container that ended, and a helper that ECS then had to kill',
    task: afterExit({ name: 'helper', exitCode: 137 }, { name: 'build', exitCode: 64 }),
    fault: 'system',
    says: 'The build container exited with code 64',
  },
  {
    what: 'a helper that ended, and a build container with a code of its own after that',
    task: afterExit({ name: 'build', exitCode: 3 }, { name: 'helper', exitCode: 71 }),
    fault: 'system',
    says: 'The helper stopped the job task (exit code 71)',
  },
  { what: 'something new', task: stopped('Host is on fire'), fault: 'system', says: 'Host is on fire' },
  { what: 'nothing at all', task: { lastStatus: 'STOPPED' }, fault: 'system', says: 'no reason given' },
];

describe('why a task ended', () => {
  it.each(cases)('$what: fault is $fault', ({ task, fault, says }) => {
    const explained = explainStop(task);
    expect(explained.fault).toBe(fault);
    expect(explained.lines.join('\n')).toContain(says);
  });

  it.each<[string, Task, string[]]>([
    ['nothing beside its reason', stopped('Host is on fire'), ['AWS stopped the job task: Host is on fire']],
    [
      'each reason',
      stopped('Host is on fire', { reason: 'So is the rack' }),
      ['AWS stopped the job task: Host is on fire; So is the rack'],
    ],
    [
      'its stop code, without a reason',
      { stopCode: 'TerminationNotice' },
      ['AWS stopped the job task: TerminationNotice'],
    ],
    [
      'a full disk of its size',
      { stoppedReason: 'no space left on device', ephemeralStorage: { sizeInGiB: 50 } },
      [
        'The job task could not continue: no space left on device',
        "The task's disk is full: it has 50 GB for images and files. Increase FARGATE_EPHEMERAL_STORAGE.",
      ],
    ],
    [
      'a user that is unknown',
      { stoppedReason: 'unable to find user joe' },
      [
        'A container could not be started: unable to find user joe',
        'The image has no user with the name given in `docker: user:`. Use a numeric id, or remove the setting.',
      ],
    ],
    [
      'a task that AWS could not set up',
      { stoppedReason: 'ResourceInitializationError: x' },
      [
        'AWS could not set up the job task: ResourceInitializationError: x',
        expect.stringContaining('NAT gateway'),
      ],
    ],
    [
      'another architecture, without containers',
      { stoppedReason: 'no match for platform in manifest' },
      [
        'The job task could not start: no match for platform in manifest',
        expect.stringContaining('An image of the job is not available for X86_64'),
      ],
    ],
    [
      'the image of the build container',
      stopped('', { reason: pull('no such host') }),
      ['The image could not be pulled: CannotPullContainerError: no such host'],
    ],
    [
      'an image that no container names',
      stopped(pull('no such host')),
      ['The image could not be pulled: CannotPullContainerError: no such host'],
    ],
    [
      'a stop from outside without a reason',
      { stopCode: 'UserInitiated' },
      ['The job task was stopped from outside:'],
    ],
    [
      'a build container that was killed',
      stopped('', { exitCode: 137 }),
      [
        'The build container exited with code 137, which stopped the job task. It was killed, possibly because it ran out of memory.',
      ],
    ],
    [
      "a build container that ended with a code of the helper's",
      stopped('', { exitCode: 70, reason: 'gone' }, { stoppedReason: undefined }),
      ['The build container exited with code 70 (gone), which stopped the job task.'],
    ],
  ])('is explained in full: %s', (_, task, lines) => {
    expect(explainStop(task).lines).toEqual(lines);
  });

  it.each(['unauthorized: x', 'unauthorised: x', 'unexpected status 401', 'unexpected status 403'])(
    'is a login that lacks, in the words "%s"',
    (words) => {
      expect(explainStop(stopped(pull(words))).lines.join()).toContain('denied access to this image');
    },
  );

  it.each([
    [
      'ARM64',
      [
        { name: 'ecs.os', value: 'linux' },
        { name: 'ecs.cpu-architecture', value: 'arm64' },
      ],
    ],
    [
      'X86_64',
      [
        { name: 'ecs.other', value: 'arm64' },
        { name: 'ecs.cpu-architecture', value: 'x86_64' },
      ],
    ],
  ])('includes the architecture %s, from an attribute of the task', (architecture, attributes) => {
    const { lines } = explainStop(stopped('exec format error', {}, { attributes }));
    expect(lines.join()).toContain(`is not available for ${architecture};`);
  });

  it('is not repeated when ECS reports it for the task and its container', () => {
    const words = pull('no such host');
    expect(
      explainStop(stopped(words, { reason: words }))
        .lines.join('\n')
        .split('no such host'),
    ).toHaveLength(2);
  });
});
