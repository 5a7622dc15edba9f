import { DescribeTaskDefinitionCommand, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DEFAULT_PARAMETER_PREFIX, jobSecretsPath, toTags } from '@serverless-gitlab-runner/fleet';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { type ManagerBench, startManagerBench } from './support/manager-bench.ts';
import { type PrivateRegistry, startPrivateRegistry } from './support/private-registry.ts';

const PASSWORD = 'planted-registry-password';
const FLEET_SECRET = 'fleet-login';

let registry: PrivateRegistry;
let bench: ManagerBench;
let secrets: SecretsManagerClient;
let image: string;
let fleetImage: string;

beforeAll(async () => {
  registry = await startPrivateRegistry('ci', PASSWORD);
  image = await registry.push(DEMO_IMAGES.busybox, 'team/app:1');
  fleetImage = await registry.push(DEMO_IMAGES.busybox, 'fleet/app:1');
  const arn = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${FLEET_SECRET}`;
  const registryCredentials = { [`${registry.host}/fleet`]: arn };
  const registryMirrors = { 'mirrored.example.com': registry.host };
  bench = await startManagerBench('private', { fleet: { job: { registryCredentials, registryMirrors } } });
  secrets = new SecretsManagerClient(bench.clientOptions);
  const SecretString = JSON.stringify({ username: 'ci', password: PASSWORD });
  await secrets.send(new CreateSecretCommand({ Name: FLEET_SECRET, SecretString }));
}, 180_000);

afterAll(async () => {
  await bench?.stop();
  await registry?.stop();
}, 60_000);

const namesOfSecrets = async () => {
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
  return SecretList.map(({ Name }) => Name);
};

/** Runs a job that pulls the image again. */
async function runPrivate(name: string, authConfig?: string) {
  await registry.forget(name);
  const login = authConfig ? { variables: { DOCKER_AUTH_CONFIG: { value: authConfig } } } : {};
  return bench.runJob({ image: name, ...login, script: ['cat /etc/demo-image'] });
}

/** Returns all task definitions in ECS as JSON. */
async function taskDefinitions(): Promise<string> {
  const { taskDefinitionArns = [] } = await bench.ecs.send(new ListTaskDefinitionsCommand({}));
  const all = await Promise.all(
    taskDefinitionArns.map((taskDefinition) =>
      bench.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    ),
  );
  return JSON.stringify(all.map((answer) => answer.taskDefinition));
}

/** A job's secret is deleted when its task has stopped, which is after the job's end. */
const untilFleetSecretIsAlone = () =>
  until("the deletion of the job's secret", async () =>
    (await namesOfSecrets()).join() === FLEET_SECRET ? true : undefined,
  );

describe('an image of a private registry', () => {
  it("is pulled with the job's DOCKER_AUTH_CONFIG; the secret for it is deleted, and its name is not used again", async () => {
    const first = await runPrivate(image, registry.authConfig);
    expect(first.status, first.trace.text).toBe('success');
    expect(first.trace.text).toContain('\nbusybox\n');
    await bench.untilNoTaskRuns(first);
    await untilFleetSecretIsAlone();
    const second = await runPrivate(image, registry.authConfig);
    expect(second.status, second.trace.text).toBe('success');
    const kept = await taskDefinitions();
    const names = [
      ...kept.matchAll(/"credentialsParameter":"serverless-gitlab-runner\/jobs\/default\/([^"]*)"/g),
    ];
    expect(new Set(names.map(([, name]) => name)).size).toBe(2);
    for (const where of [kept, JSON.stringify(await bench.tasksOf(second)), await bench.managerLog()])
      expect(where).not.toContain(PASSWORD);
  });

  it("is pulled with the fleet's credentials if the job has none", async () => {
    const job = await runPrivate(fleetImage);
    expect(job.status, job.trace.text).toBe('success');
  });

  it("is pulled through the fleet's mirror, with the mirror's login", async () => {
    await registry.forget(fleetImage);
    const job = await bench.runJob({
      image: 'mirrored.example.com/fleet/app:1',
      script: ['cat /etc/demo-image'],
    });
    expect(job.status, job.trace.text).toBe('success');
    expect(job.trace.text).toContain('\nbusybox\n');
    expect(job.trace.text).toContain(`Image mirrored.example.com/fleet/app:1 is pulled as ${fleetImage} `);
  });

  it.each([
    {
      what: 'without a login',
      login: undefined,
      says: 'a private image needs a login in DOCKER_AUTH_CONFIG',
    },
    {
      what: 'with a wrong one',
      login: 'ci:wrong',
      says: 'a private image needs a login in DOCKER_AUTH_CONFIG',
    },
  ])("$what fails as a script failure with the registry's message, within 30 s", async ({ login, says }) => {
    const auth = login && Buffer.from(login).toString('base64');
    const config = auth && JSON.stringify({ auths: { [registry.host]: { auth } } });
    const startedAt = Date.now();
    const job = await runPrivate(image, config);
    expect([job.status, job.failureReason], job.trace.text).toEqual(['failed', 'script_failure']);
    expect(job.trace.text).toContain('CannotPullContainerError');
    expect(job.trace.text).toContain(says);
    expect(Date.now() - startedAt).toBeLessThan(30_000);
    await untilFleetSecretIsAlone();
  });

  it('that does not exist is reported as missing', async () => {
    const job = await runPrivate(`${registry.host}/team/app:2`, registry.authConfig);
    expect([job.status, job.failureReason], job.trace.text).toEqual(['failed', 'script_failure']);
    expect(job.trace.text).toContain('The image does not exist');
  });
});

describe('a secret that a dead manager left', () => {
  it('is found by the prefix of its name and deleted immediately by its ARN, as the reaper does', async () => {
    await untilFleetSecretIsAlone();
    const path = jobSecretsPath(DEFAULT_PARAMETER_PREFIX);
    const left = { Name: `${path}left/0`, SecretString: '{}' };
    const Tags = toTags({ role: 'job' }).map(({ key, value }) => ({ Key: key, Value: value }));
    await secrets.send(new CreateSecretCommand({ ...left, Tags }));
    const list = new ListSecretsCommand({ MaxResults: 100, Filters: [{ Key: 'name', Values: [path] }] });
    const { SecretList = [] } = await secrets.send(list);
    expect(SecretList).toMatchObject([{ Name: left.Name, Tags, CreatedDate: expect.any(Date) }]);
    const removal = { SecretId: SecretList[0]?.ARN, ForceDeleteWithoutRecovery: true };
    await secrets.send(new DeleteSecretCommand(removal));
    expect(await namesOfSecrets()).toEqual([FLEET_SECRET]);
  });
});
