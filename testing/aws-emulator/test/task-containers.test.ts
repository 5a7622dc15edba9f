import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerOf, EmulatorFixture, shell } from './support/emulator-fixture.ts';
import { volumeImage } from './support/volume-image.ts';

let fixture: EmulatorFixture;
let imageWithVolume: { name: string; remove: () => Promise<void> };

beforeAll(async () => {
  fixture = await EmulatorFixture.start('containers');
  imageWithVolume = await volumeImage();
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
  await imageWithVolume?.remove();
}, 60_000);

/** Runs a script in a task with a container `main`, and returns its output. */
async function outputOf(script: string, more = {}, task = {}): Promise<string[]> {
  const ended = await fixture.runToEnd([shell('main', script, more)], task);
  return await fixture.output(ended, 'main');
}

describe('a container of a task', () => {
  it('runs its entry point, command, working directory and user as defined', async () => {
    const lines = await outputOf('echo "$0 $1 $PWD $(id -u):$(id -g)"', {
      command: ['echo "$0 $1 $PWD $(id -u):$(id -g)"', 'zero', 'one'],
      workingDirectory: '/var/tmp',
      user: '1234:5678',
    });
    expect(lines).toEqual(['zero one /var/tmp 1234:5678']);
  });

  it('gets its variables, with those of the override taking precedence', async () => {
    const container = shell('main', 'echo "$A $B $C"', {
      environment: [
        { name: 'A', value: 'from the definition' },
        { name: 'B', value: 'from the definition' },
      ],
    });
    const environment = [
      { name: 'B', value: 'from the override' },
      { name: 'C', value: 'new' },
    ];
    const overrides = { containerOverrides: [{ name: 'main', environment }] };
    const task = await fixture.runToEnd([container], {}, { overrides });
    expect(await fixture.output(task, 'main')).toEqual(['from the definition from the override new']);
    expect(task.overrides?.containerOverrides?.[0]?.environment).toEqual(environment);
  });

  it('runs the command of the override instead of its own', async () => {
    const overrides = { containerOverrides: [{ name: 'main', command: ['echo overridden; exit 5'] }] };
    const task = await fixture.runToEnd([shell('main', 'echo own')], {}, { overrides });
    expect(await fixture.output(task, 'main')).toEqual(['overridden']);
    expect(containerOf(task, 'main')?.exitCode).toBe(5);
  });

  it('gets the decrypted value of a SecureString as a secret', async () => {
    const ssm = new SSMClient(fixture.clientOptions);
    await ssm.send(new PutParameterCommand({ Name: '/test/token', Value: 'glrt-1', Type: 'SecureString' }));
    for (const valueFrom of ['/test/token', 'arn:aws:ssm:us-east-1:000000000000:parameter/test/token']) {
      expect(await outputOf('echo "$TOKEN"', { secrets: [{ name: 'TOKEN', valueFrom }] })).toEqual([
        'glrt-1',
      ]);
    }
  });

  it('is limited to the memory and CPU of its task', async () => {
    const limits =
      'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max 2>/dev/null || ' +
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us';
    const [memory, cpu] = await outputOf(limits, {}, { cpu: '512', memory: '3072' });
    expect(memory).toBe(String(3072 * 1024 * 1024));
    expect(cpu?.split(' ')[0]).toBe('50000');
  });

  it('has a read-only root file system if the definition requires it', async () => {
    expect(await outputOf('touch /file || echo refused', { readonlyRootFilesystem: true })).toContain(
      'refused',
    );
  });
});

describe('the containers of a task', () => {
  it('share a volume: a FIFO passes a script from one to the other, and the exit code is the real one', async () => {
    const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
    const build = shell('build', 'mkfifo /shared/fifo; read -r code < /shared/fifo; exit "$code"', {
      mountPoints,
    });
    const helper = shell('helper', 'until [ -p /shared/fifo ]; do sleep 0.02; done; echo 3 > /shared/fifo', {
      mountPoints,
      essential: false,
    });
    const task = await fixture.runToEnd([build, helper], { volumes: [{ name: 'shared' }] });
    expect(containerOf(task, 'build')?.exitCode).toBe(3);
    expect(containerOf(task, 'helper')?.exitCode).toBe(0);
    expect(task.stopCode).toBe('EssentialContainerExited');
  });

  it('cannot write to a read-only mount point', async () => {
    const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared', readOnly: true }];
    const lines = await outputOf(
      'touch /shared/x || echo refused',
      { mountPoints },
      { volumes: [{ name: 'shared' }] },
    );
    expect(lines).toContain('refused');
  });

  it("share one network: a port on localhost, and one address, which is that of the task's ENI", async () => {
    const server = shell(
      'server',
      'exec perl -MIO::Socket::INET -e \'$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8080", Listen => 5) or die; $c = $s->accept; print $c "hello\\n"\'',
      { essential: false },
    );
    const client = shell(
      'client',
      'until exec 3<>/dev/tcp/localhost/8080; do sleep 0.05; done 2>/dev/null; cat <&3; hostname -i',
    );
    const task = await fixture.runToEnd([server, client]);
    const details = task.attachments?.[0]?.details ?? [];
    const address = details.find(({ name }) => name === 'privateIPv4Address')?.value;
    expect(await fixture.output(task, 'client')).toEqual(['hello', address]);
    expect(details.map(({ name }) => name).sort()).toEqual(
      ['macAddress', 'networkInterfaceId', 'privateDnsName', 'privateIPv4Address', 'subnetId'].sort(),
    );
    expect(containerOf(task, 'client')?.networkInterfaces?.[0]?.privateIpv4Address).toBe(address);
  });

  it("see each other's processes only with pidMode task", async () => {
    const sleeper = shell('sleeper', 'exec sleep 4321', { essential: false, stopTimeout: 1 });
    const looker = (name: string) =>
      shell(
        name,
        'for i in 1 2 3 4 5 6 7 8 9 10; do for f in /proc/[0-9]*/cmdline; do tr "\\0" " " < $f; echo; done 2>/dev/null | grep -q "^sleep 4321" && echo seen && break; sleep 0.1; done; echo done',
      );
    const apart = await fixture.runToEnd([sleeper, looker('looker')]);
    const together = await fixture.runToEnd([sleeper, looker('looker')], { pidMode: 'task' });
    expect(await fixture.output(apart, 'looker')).toEqual(['done']);
    expect(await fixture.output(together, 'looker')).toEqual(['seen', 'done']);
  });

  it.each(['first', 'last'])(
    'find in a volume the content, owner and mode of the VOLUME in the image of the container defined %s',
    async (position) => {
      const mountPoints = [{ sourceVolume: 'agent', containerPath: '/agent' }];
      const helper = shell('helper', 'true', { image: imageWithVolume.name, mountPoints, essential: false });
      const build = shell('build', 'stat -c "%n %U %a" /agent /agent/run; /agent/run', { mountPoints });
      const containers = position === 'first' ? [helper, build] : [build, helper];
      const task = await fixture.runToEnd(containers, { volumes: [{ name: 'agent' }] });
      expect(await fixture.output(task, 'build')).toEqual([
        '/agent nobody 750',
        '/agent/run nobody 555',
        'agent runs',
      ]);
    },
  );

  it('find an empty volume owned by root if an image has content but no VOLUME', async () => {
    const mountPoints = [{ sourceVolume: 'etc', containerPath: '/etc/apt' }];
    const lines = await outputOf(
      'ls /etc/apt; stat -c "%u %a" /etc/apt',
      { mountPoints },
      { volumes: [{ name: 'etc' }] },
    );
    expect(lines).toEqual(['0 755']);
  });
});

describe('a stopped task', () => {
  it('leaves no container and no volume', async () => {
    const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
    const task = await fixture.runToEnd([shell('main', 'true', { mountPoints })], {
      volumes: [{ name: 'shared' }],
    });
    expect(await fixture.dockerIds(task)).toEqual([]);
    const filter = `label=com.amazonaws.ecs.task-arn=${task.taskArn}`;
    expect(await runCommand('docker', ['volume', 'ls', '-q', '--filter', filter])).toBe('');
  });
});
