import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import {
  DeleteParameterCommand,
  GetParametersByPathCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type Certificate, managerFamily, parseCertificates, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../src/index.ts';
import { checkStorable, compareCertificates } from '../src/rotate/compare-certificates.ts';
import { describeCertificate } from '../src/rotate/render-certificates.ts';

const path = (name: string) => fileURLToPath(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url));
const file = (name: string) => readFileSync(path(name), 'utf8');
function certificateOf(name: string): Certificate {
  const [certificate] = parseCertificates(file(name));
  if (!certificate) throw new Error(`${name} is empty`);
  return certificate;
}

const CA = certificateOf('ca.crt');
const OTHER = certificateOf('other-ca.crt');
const SERVER = certificateOf('localhost.crt');
const NOW = Date.parse('2027-01-01T00:00:00Z');
const PARAMETER = '/p/fleets/default/ca';

const cloudFormation = mockClient(CloudFormationClient);
const ecs = mockClient(ECSClient);
const ssm = mockClient(SSMClient);

let folder: string;
let gitlab: Server;
let gitlabUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  gitlab = createServer({ cert: file('localhost.crt'), key: file('localhost.key') }, (_request, response) => {
    response.end();
  });
  await new Promise<void>((resolve) => gitlab.listen(0, '127.0.0.1', resolve));
  gitlabUrl = `https://127.0.0.1:${(gitlab.address() as AddressInfo).port}`;
});

afterAll(async () => {
  gitlab.close();
  await rm(folder, { recursive: true, force: true });
});

const task = (fleet: string, tags: Parameters<typeof toTags>[0] = {}) => ({
  taskArn: `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${fleet}${Object.keys(tags).length}`,
  taskDefinitionArn: definitionArn(managerFamily(fleet)),
  ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
  tags: toTags({ role: 'manager', fleet, ...tags }),
});

beforeEach(() => {
  process.env.AWS_REGION = 'eu-west-1';
  for (const mock of [cloudFormation, ecs, ssm]) mock.reset();
  const outputs = [
    ...['ClusterArn', 'EventBusName', 'ManagerLogGroup', 'WebhookReceiverLogGroup', 'WebhookUrl'],
    ...['RunnerLauncherLogGroup', 'QueueUrl', 'LauncherDeadLettersUrl', 'ReaperDeadLettersUrl'],
    ...['IdleReaperFunction', 'IdleReaperLogGroup'],
  ].map((OutputKey) => ({ OutputKey, OutputValue: 'x' }));
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        ...{ StackName: 'x', StackStatus: 'CREATE_COMPLETE', CreationTime: new Date(0) },
        Outputs: [...outputs, { OutputKey: 'ParameterPrefix', OutputValue: '/p' }],
      },
    ],
  });
  const tasks = [task('default'), task('default', { drain: '2027-01-01T00:00:00Z' }), task('large')];
  ecs.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [] });
  ecs
    .on(ListTasksCommand, { desiredStatus: 'RUNNING' })
    .resolves({ taskArns: tasks.map(({ taskArn }) => taskArn) });
  ecs.on(DescribeTasksCommand).resolves({ tasks });
  store(undefined);
});

/** Lets Parameter Store have these certificates. */
function store(certificates: string | undefined, url = gitlabUrl): void {
  const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
  const document = JSON.stringify({ version: 1, name: 'default', gitlabUrl: url, network });
  ssm.on(GetParametersByPathCommand).resolves({
    Parameters: [
      { Name: '/p/fleets/default/config', Value: document },
      ...(certificates === undefined ? [] : [{ Name: PARAMETER, Value: certificates }]),
    ],
  });
}

async function rotate(...args: string[]) {
  const output: string[] = [];
  const printed: string[] = [];
  const code = await run(['rotate', 'ca', ...args], {
    print: (text) => {
      output.push(text);
      printed.push(text);
    },
    printError: (text) => output.push(text),
    columns: 500,
    ask: undefined,
    now: () => NOW,
  });
  return { code, output: output.join('\n'), printed: printed.join('\n') };
}

const puts = () => ssm.commandCalls(PutParameterCommand).map(({ args }) => args[0].input);
const drained = () => ecs.commandCalls(TagResourceCommand).map(({ args }) => args[0].input.resourceArn);

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe('sgr rotate ca', () => {
  it('stores the certificates as a String, and drains the fleet’s managers', async () => {
    const { code, output } = await rotate(path('ca.crt'), '--yes');
    expect(code, output).toBe(0);
    expect(puts()).toEqual([
      {
        Name: PARAMETER,
        Value: file('ca.crt'),
        Type: 'String',
        Tier: 'Intelligent-Tiering',
        Overwrite: true,
      },
    ]);
    expect(drained()).toEqual([task('default').taskArn]);
    expect(output.split('\n')).toEqual([
      'Certificates by which fleet default trusts its GitLab:',
      '+ CN=Example CA 1, O=Example, until 2126-11-06',
      `${gitlabUrl} is trusted by them.`,
      'Stored. 1 manager drained: running jobs finish, new jobs get new managers, which trust these certificates.',
    ]);
  });

  it('asks before', async () => {
    const { code, output } = await rotate(path('ca.crt'));
    expect([code, output]).toEqual([2, expect.stringContaining('confirm with --yes')]);
    expect([puts(), drained()]).toEqual([[], []]);
  });

  it('shows what is added, kept and removed, also as JSON', async () => {
    store(`${file('other-ca.crt')}${file('localhost.crt')}`);
    const both = await write('both.pem', `${file('ca.crt')}${file('other-ca.crt')}`);
    const { code, printed, output } = await rotate(both, '--yes', '--json');
    expect(code, output).toBe(0);
    expect(JSON.parse(printed)).toEqual({
      fleet: 'default',
      added: [{ subject: CA.subject, fingerprint: CA.fingerprint, validTo: '2126-11-06T11:00:28.000Z' }],
      kept: [expect.objectContaining({ subject: OTHER.subject })],
      removed: [expect.objectContaining({ subject: SERVER.subject })],
      drained: 1,
    });
    for (const line of ['+ CN=Example CA 1', '= CN=Example CA 2', '- CN=localhost'])
      expect(output).toContain(line);
  });

  it('does nothing if they are stored already', async () => {
    store(file('ca.crt'));
    const { code, output } = await rotate(path('ca.crt'));
    expect([code, output]).toEqual([0, 'Fleet default has these certificates already.']);
    expect([puts(), drained()]).toEqual([[], []]);
  });

  it('refuses certificates by which GitLab is not trusted, unless it is told not to look', async () => {
    const refused = await rotate(path('other-ca.crt'), '--yes');
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining(`${gitlabUrl} is not trusted`),
    ]);
    expect(puts()).toEqual([]);
    expect((await rotate(path('other-ca.crt'), '--yes', '--no-check')).code).toBe(0);
    expect(puts()).toHaveLength(1);
  });

  it('says so if GitLab cannot be reached from here', async () => {
    store(undefined, 'https://127.0.0.1:1');
    const { code, output } = await rotate(path('ca.crt'), '--yes');
    expect([code, output]).toEqual([
      0,
      expect.stringContaining('cannot be reached from here (ECONNREFUSED)'),
    ]);
  });

  it('refuses a GitLab without TLS', async () => {
    store(undefined, 'http://gitlab.example.com');
    expect((await rotate(path('ca.crt'), '--yes')).output).toContain('not reached by TLS');
  });

  it.each([
    ['a private key', path('localhost.key'), 'a private key'],
    ['no file', '/nowhere', 'It cannot be read (ENOENT'],
  ])('refuses %s', async (_title, name, problem) => {
    const { code, output } = await rotate(name, '--yes');
    expect([code, output]).toEqual([1, expect.stringContaining(problem)]);
    expect(puts()).toEqual([]);
  });

  it('takes either a file or --remove', async () => {
    for (const args of [[], [path('ca.crt'), '--remove']])
      expect(await rotate(...args)).toMatchObject({
        code: 2,
        output: expect.stringContaining('or --remove'),
      });
  });
});

describe('sgr rotate ca --remove', () => {
  it('removes them, and drains managers', async () => {
    store(file('ca.crt'));
    const { code, output } = await rotate('--remove', '--yes');
    expect(code, output).toBe(0);
    expect(ssm.commandCalls(DeleteParameterCommand).map(({ args }) => args[0].input)).toEqual([
      { Name: PARAMETER },
    ]);
    expect(output).toContain('- CN=Example CA 1');
    expect(output).toContain('which trust public authorities only');
    expect(drained()).toHaveLength(1);
  });

  it('removes a text that is invalid, too', async () => {
    store('nothing');
    expect((await rotate('--remove', '--yes')).code).toBe(0);
    expect(ssm.commandCalls(DeleteParameterCommand)).toHaveLength(1);
  });

  it('is done if nothing is stored', async () => {
    const { code, output } = await rotate('--remove');
    expect([code, output]).toEqual([0, 'Fleet default has no certificates of its own.']);
  });

  it('is done if an earlier run removed them, meanwhile', async () => {
    store(file('ca.crt'));
    ssm.on(DeleteParameterCommand).rejects(Object.assign(new Error('no'), { name: 'ParameterNotFound' }));
    expect((await rotate('--remove', '--yes')).code).toBe(0);
  });
});

describe('certificates to store', () => {
  const many = (count: number) => Array.from({ length: count }, () => CA);

  it.each([
    [6, 'standard'],
    [7, 'advanced'],
    [12, 'advanced'],
  ])('%i of them need a parameter that is %s', (count, tier) => {
    expect(checkStorable(many(count), NOW)).toBe(tier);
  });

  it('are refused if they are too long, or have all expired', () => {
    expect(() => checkStorable(many(13), NOW)).toThrow('holds at most 8192');
    const expired = { ...CA, validTo: NOW };
    expect(() => checkStorable([expired], NOW)).toThrow('All of the certificates have expired');
    expect(checkStorable([expired, OTHER], NOW)).toBe('standard');
  });

  it('are compared by their fingerprints', () => {
    expect(compareCertificates([CA, OTHER], [{ ...OTHER, subject: 'another' }, SERVER])).toEqual({
      added: [SERVER],
      kept: [{ ...OTHER, subject: 'another' }],
      removed: [CA],
    });
  });

  it('are described with what is unusual about them', () => {
    expect(describeCertificate({ ...SERVER, subject: '', validFrom: NOW + 1 }, NOW)).toBe(
      '(no subject), until 2126-11-06, not before 2027-01-01, no authority: it is trusted as a certificate of GitLab itself',
    );
    expect(describeCertificate({ ...CA, validTo: NOW + 86_400_000 * 1.5 }, NOW)).toContain('in 1 days');
  });
});
