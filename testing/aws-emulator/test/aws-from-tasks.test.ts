import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CLUSTER, EmulatorFixture, shell } from './support/emulator-fixture.ts';

/** Prints the body of an HTTP response with bash, since the plain debian image has no HTTP client. */
const GET = (path: string) =>
  `exec 3<>/dev/tcp/169.254.170.2/80; printf "GET ${path} HTTP/1.0\\r\\n\\r\\n" >&3; tr -d "\\r" <&3 | sed "1,/^$/d"; echo`;

const credentialsSchema = z.object({
  RoleArn: z.string(),
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string(),
  Expiration: z.iso.datetime(),
});

const metadataSchema = z.looseObject({
  TaskARN: z.string(),
  Cluster: z.string(),
  Family: z.string(),
  Containers: z.array(z.looseObject({ Name: z.string() })),
});

const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

let fixture: EmulatorFixture;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('credentials');
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function credentialsOf(role: string) {
  const script = GET('$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
  const task = await fixture.runToEnd([shell('main', script)], { taskRoleArn: roleArn(role) });
  const [body = ''] = await fixture.output(task, 'main');
  return credentialsSchema.parse(JSON.parse(body));
}

describe('a task with a task role', () => {
  it('gets credentials of its role, different from those of another role, from the address that Fargate uses', async () => {
    const manager = await credentialsOf('manager');
    const job = await credentialsOf('job');
    expect(manager).toMatchObject({
      RoleArn: roleArn('manager'),
      AccessKeyId: expect.stringMatching(/^ASIA\w{16}$/),
    });
    expect(job.AccessKeyId).not.toBe(manager.AccessKeyId);
    expect((await credentialsOf('manager')).AccessKeyId).toBe(manager.AccessKeyId);
  });

  it('can use these credentials in the shared account', async () => {
    const { AccessKeyId, SecretAccessKey, Token } = await credentialsOf('manager');
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
    const ecs = new ECSClient({ ...fixture.clientOptions, credentials });
    const task = await fixture.runToEnd([shell('main', 'true')]);
    const input = { cluster: CLUSTER, tasks: [task.taskArn ?? ''] };
    const { tasks } = await ecs.send(new DescribeTasksCommand(input));
    expect(tasks?.[0]?.taskArn).toBe(task.taskArn);
  });

  it('finds AWS by its environment variables', async () => {
    const script = 'echo "$AWS_REGION $AWS_DEFAULT_REGION $AWS_ENDPOINT_URL $AWS_EXECUTION_ENV"';
    const task = await fixture.runToEnd([shell('main', script)], { taskRoleArn: roleArn('manager') });
    expect(await fixture.output(task, 'main')).toEqual([
      `us-east-1 us-east-1 ${fixture.emulator.containerEndpoint} AWS_ECS_FARGATE`,
    ]);
  });
});

describe('a task without a task role', () => {
  it('gets neither credentials nor an endpoint', async () => {
    const task = await fixture.runToEnd([
      shell('main', 'env | grep -c -e CREDENTIALS -e ACCESS_KEY -e ENDPOINT_URL'),
    ]);
    expect(await fixture.output(task, 'main')).toEqual(['0']);
  });

  it('can read its metadata', async () => {
    // The variable contains a URL; this removes all before the path.
    const script = `METADATA=/\${ECS_CONTAINER_METADATA_URI_V4#http://*/}; ${GET('$METADATA/task')}`;
    const task = await fixture.runToEnd([
      shell('main', script),
      shell('side', 'exec sleep 60', { stopTimeout: 1 }),
    ]);
    const [body = ''] = await fixture.output(task, 'main');
    const metadata = metadataSchema.parse(JSON.parse(body));
    expect(metadata).toMatchObject({ TaskARN: task.taskArn, Cluster: task.clusterArn });
    expect(metadata.Containers.map((container) => container.Name).sort()).toEqual(['main', 'side']);
  });
});
