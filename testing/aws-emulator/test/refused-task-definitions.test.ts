import { RegisterTaskDefinitionCommand, type RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, EmulatorFixture, shell, type TestContainer } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('refusals-register');
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

const ENV_OF = (length: number) => [{ name: 'X', value: 'x'.repeat(length) }];

describe('RegisterTaskDefinition refuses for Fargate, with ClientException,', () => {
  const without = (...fields: (keyof RegisterTaskDefinitionCommandInput)[]) =>
    Object.fromEntries(fields.map((field) => [field, undefined]));

  it.each<[string, RegExp, Partial<RegisterTaskDefinitionCommandInput>]>([
    ['a family with other characters', /^Family contains/, { family: 'a.b' }],
    ['a family longer than 255', /^Family contains/, { family: 'f'.repeat(256) }],
    ['another network mode than awsvpc', /only supports network mode/, { networkMode: 'bridge' }],
    ['no size', /'cpu' be defined/, without('cpu', 'memory')],
    [
      'a memory size that is invalid for the CPU',
      /No Fargate configuration exists/,
      { cpu: '256', memory: '4096' },
    ],
    ['a CPU size that Fargate lacks', /No Fargate configuration exists/, { cpu: '300', memory: '1024' }],
    ['no containers', /at least one container/, { containerDefinitions: [] }],
    ['ephemeral storage under 21 GiB', /between 21 GiB and 200/, { ephemeralStorage: { sizeInGiB: 20 } }],
    ['ephemeral storage over 200 GiB', /between 21 GiB and 200/, { ephemeralStorage: { sizeInGiB: 201 } }],
    ['the process namespace of the host', /pidMode/, { pidMode: 'host' }],
    ['an IPC mode', /ipcMode/, { ipcMode: 'task' }],
    [
      'placement constraints',
      /placementConstraints/,
      { placementConstraints: [{ type: 'memberOf', expression: 'x' }] },
    ],
    ['a volume from the host', /sourcePath/, { volumes: [{ name: 'v', host: { sourcePath: '/srv' } }] }],
    [
      'a Docker volume',
      /dockerVolumeConfiguration/,
      { volumes: [{ name: 'v', dockerVolumeConfiguration: { scope: 'task' } }] },
    ],
    ['two volumes of a name', /Volume names/, { volumes: [{ name: 'v' }, { name: 'v' }] }],
  ])('%s', async (_, message, change) => {
    const input = { ...definition('refused', [shell('main', 'true')]), ...change };
    await expect(fixture.ecs.send(new RegisterTaskDefinitionCommand(input))).rejects.toMatchObject({
      name: 'ClientException',
      message: expect.stringMatching(message),
    });
  });

  const log = (logDriver: 'awslogs' | 'json-file', options = {}) => ({
    logConfiguration: { logDriver, options },
  });
  it.each<[string, RegExp, TestContainer[]]>([
    ['two containers of a name', /must be unique/, [shell('a', 'true'), shell('a', 'true')]],
    ['11 containers', /at most 10/, Array.from({ length: 11 }, (_, index) => shell(`c${index}`, 'true'))],
    ['no essential container', /must be essential/, [shell('a', 'true', { essential: false })]],
    ['privileged', /privileged/, [shell('a', 'true', { privileged: true })]],
    ['links', /links/, [shell('a', 'true', { links: ['b'] })]],
    [
      'extraHosts',
      /extraHosts/,
      [shell('a', 'true', { extraHosts: [{ hostname: 'h', ipAddress: '1.2.3.4' }] })],
    ],
    ['hostname', /hostname/, [shell('a', 'true', { hostname: 'h' })]],
    ['dnsServers', /dnsServers/, [shell('a', 'true', { dnsServers: ['1.1.1.1'] })]],
    [
      'dockerSecurityOptions',
      /dockerSecurityOptions/,
      [shell('a', 'true', { dockerSecurityOptions: ['no-new-privileges'] })],
    ],
    [
      'NET_ADMIN',
      /SYS_PTRACE/,
      [shell('a', 'true', { linuxParameters: { capabilities: { add: ['NET_ADMIN'] } } })],
    ],
    [
      'devices',
      /devices/,
      [shell('a', 'true', { linuxParameters: { devices: [{ hostPath: '/dev/kvm' }] } })],
    ],
    [
      'sharedMemorySize',
      /sharedMemorySize/,
      [shell('a', 'true', { linuxParameters: { sharedMemorySize: 64 } })],
    ],
    ['a GPU', /GPU/, [shell('a', 'true', { resourceRequirements: [{ type: 'GPU', value: '1' }] })]],
    [
      'another port on the host',
      /must match/,
      [shell('a', 'true', { portMappings: [{ containerPort: 80, hostPort: 8080 }] })],
    ],
    ['a stopTimeout over 120', /stopTimeout/, [shell('a', 'true', { stopTimeout: 121 })]],
    ['a startTimeout over 120', /startTimeout/, [shell('a', 'true', { startTimeout: 121 })]],
    [
      'an unknown volume',
      /Unknown volume 'v'/,
      [shell('a', 'true', { mountPoints: [{ sourceVolume: 'v', containerPath: '/v' }] })],
    ],
    [
      'a dependency on an unknown container',
      /unknown container 'b'/,
      [shell('a', 'true', { dependsOn: [{ containerName: 'b', condition: 'START' }] })],
    ],
    [
      'a dependency on itself',
      /depend on itself/,
      [shell('a', 'true', { dependsOn: [{ containerName: 'a', condition: 'START' }] })],
    ],
    [
      'circular dependencies',
      /circular/,
      [
        shell('a', 'true', { dependsOn: [{ containerName: 'b', condition: 'START' }] }),
        shell('b', 'true', { dependsOn: [{ containerName: 'a', condition: 'START' }] }),
      ],
    ],
    [
      'waiting for the success of an essential container',
      /can't be set on an essential/,
      [shell('a', 'true', { dependsOn: [{ containerName: 'b', condition: 'SUCCESS' }] }), shell('b', 'true')],
    ],
    [
      'waiting for the health of a container without a health check',
      /requires a health check/,
      [shell('a', 'true', { dependsOn: [{ containerName: 'b', condition: 'HEALTHY' }] }), shell('b', 'true')],
    ],
    [
      'a health check every second',
      /interval/,
      [shell('a', 'true', { healthCheck: { command: ['CMD', 'x'], interval: 1 } })],
    ],
    ['the log driver json-file', /Invalid log driver/, [shell('a', 'true', log('json-file'))]],
    [
      'awslogs without a group',
      /awslogs-group/,
      [shell('a', 'true', log('awslogs', { 'awslogs-region': 'x' }))],
    ],
    [
      'more memory for a container than for the task',
      /'memory' setting/,
      [shell('a', 'true', { memory: 2048 })],
    ],
    ['more CPU for a container than for the task', /'cpu' settings/, [shell('a', 'true', { cpu: 1024 })]],
    ['an image with other characters', /Container.image/, [shell('a', 'true', { image: 'not an image' })]],
    [
      'more than 64 KiB',
      /Max allowed length is '65536'/,
      [shell('a', 'true', { environment: ENV_OF(64 * 1024) })],
    ],
  ])('%s', async (_, message, containers) => {
    const volumes = [{ name: 'other' }];
    const input = { ...definition('refused', containers), volumes };
    await expect(fixture.ecs.send(new RegisterTaskDefinitionCommand(input))).rejects.toMatchObject({
      name: 'ClientException',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['awslogs', shell('main', 'true')],
    ['secrets', { ...shell('main', 'true'), secrets: [{ name: 'X', valueFrom: '/x' }] }],
  ])('%s without an execution role', async (_, container) => {
    const input = { ...definition('refused', [container]), executionRoleArn: undefined };
    await expect(fixture.ecs.send(new RegisterTaskDefinitionCommand(input))).rejects.toMatchObject({
      name: 'ClientException',
      message: expect.stringMatching(/execution ?role/i),
    });
  });

  it('and accepts every size of Fargate, in units and with suffixes', async () => {
    for (const [cpu, memory, units, mib] of [
      ['256', '512', '256', '512'],
      ['.5 vCPU', '1GB', '512', '1024'],
      ['16 vCPU', '120 GB', '16384', '122880'],
    ]) {
      const input = { ...definition('sizes', [shell('main', 'true')]), cpu, memory };
      const { taskDefinition } = await fixture.ecs.send(new RegisterTaskDefinitionCommand(input));
      expect(taskDefinition).toMatchObject({ cpu: units, memory: mib });
    }
  });
});
