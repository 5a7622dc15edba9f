import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import type { FleetConfigInput } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { answerInTime } from '../../src/answer-in-time.ts';
import { createFleetReader } from '../../src/fleet-reader.ts';
import { readWebhookRequest, receiveWebhook } from '../../src/index.ts';
import { createPublishJobEvent } from '../../src/publish-job-event.ts';
import { createRunnerTokenStore } from '../../src/webhook-runner-token.ts';

export const SECRET = 'planted-webhook-secret';
export const SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const START = Date.parse('2026-11-23T10:00:00.000Z');

export const jobHook: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('../fixtures/job-hook.created.json', import.meta.url), 'utf8'),
);
/** GitLab's own example, with the status of a job that waits for a runner. */
export const pendingHook = { ...jobHook, build_status: 'pending', runner: null };

export function fleetDocument(webhook: FleetConfigInput['webhook'] = {}, name = 'default'): string {
  return JSON.stringify({
    version: 1,
    name,
    gitlabUrl: 'https://gitlab.example.com',
    network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
    webhook,
  });
}

/** A function URL's event. */
export function functionUrlEvent(
  body: unknown,
  { headers = {}, query = '', method = 'POST', base64 = false }: EventOptions = {},
) {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const bytes = Buffer.from(text);
  return {
    version: '2.0',
    rawPath: '/',
    rawQueryString: query,
    headers: { 'x-gitlab-event': 'Job Hook', 'x-gitlab-token': SECRET, ...headers },
    requestContext: { http: { method, path: '/' } },
    body: base64 || Buffer.isBuffer(body) ? bytes.toString('base64') : bytes.toString(),
    isBase64Encoded: base64 || Buffer.isBuffer(body),
  };
}

interface EventOptions {
  headers?: Record<string, unknown>;
  query?: string;
  method?: string;
  base64?: boolean;
}

/** Standard Webhooks' headers for a body, signed here with Node's crypto. */
export function signed(body: string | Buffer, { key = SIGNING_TOKEN, id = 'msg_1', at = START } = {}) {
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

interface Put {
  Name: string;
  Value: string;
  Overwrite: boolean;
}

/** A receiver with a mocked SSM and bus, and a clock that only the test advances. */
export function createReceiver(webhook: FleetConfigInput['webhook'] = {}) {
  let now = START;
  const timing = {
    now: () => now,
    random: () => 0.5,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const ssm = mockClient(SSMClient);
  const bus = mockClient(EventBridgeClient);
  ssm.reset();
  bus.reset();
  const parameters = new Map<string, string>([
    ['/p/fleets/default/config', fleetDocument(webhook)],
    ['/p/fleets/default/webhook-secret', SECRET],
    ['/p/fleets/default/signing-token', SIGNING_TOKEN],
  ]);
  ssm.on(GetParametersByPathCommand).callsFake(() => ({
    Parameters: [...parameters]
      .filter(([Name]) => Name.endsWith('/config'))
      .map(([Name, Value]) => ({ Name, Value })),
  }));
  ssm.on(GetParametersCommand).callsFake(({ Names }: { Names: string[] }) => ({
    Parameters: Names.flatMap((Name) => (parameters.has(Name) ? { Name, Value: parameters.get(Name) } : [])),
    InvalidParameters: Names.filter((Name) => !parameters.has(Name)),
  }));
  const writtenAt = new Map<string, Date>();
  ssm.on(PutParameterCommand).callsFake(({ Name, Value, Overwrite }: Put) => {
    if (parameters.has(Name) && !Overwrite)
      throw new ParameterAlreadyExists({ message: 'there is one', $metadata: {} });
    parameters.set(Name, Value);
    writtenAt.set(Name, new Date(now));
    return { Version: 1 };
  });
  ssm.on(GetParameterCommand).callsFake(({ Name }: { Name: string }) => {
    if (!parameters.has(Name)) throw new ParameterNotFound({ message: 'there is none', $metadata: {} });
    return { Parameter: { Name, Value: 'encrypted', LastModifiedDate: writtenAt.get(Name) } };
  });
  let published = 0;
  bus.on(PutEventsCommand).callsFake(() => {
    published += 1;
    return { FailedEntryCount: 0, Entries: [{ EventId: `event-${published}` }] };
  });
  const warnings: string[] = [];
  const client = new SSMClient({ region: 'eu-west-1' });
  const deps = {
    fleets: createFleetReader(new SSMProvider({ awsSdkV3Client: client }), '/p', timing, (name) =>
      warnings.push(name),
    ),
    runnerTokens: createRunnerTokenStore(client, '/p', timing, (name, failure) =>
      warnings.push(`${name}: ${failure}`),
    ),
    publish: createPublishJobEvent(new EventBridgeClient({ region: 'eu-west-1' }), 'bus', timing),
    recent: createTimedCache<string>({ now: timing.now, maxAgeMs: 600_000, maxEntries: 100 }),
    now: timing.now,
  };
  return {
    ssm,
    bus,
    deps,
    parameters,
    warnings,
    receive: (event: unknown) => answerInTime(() => receiveWebhook(readWebhookRequest(event), deps), timing),
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
    /** Details of the published events, with their names. */
    events: () =>
      bus.commandCalls(PutEventsCommand).flatMap((call) =>
        (call.args[0].input.Entries ?? []).map((entry) => ({
          name: entry.DetailType,
          ...JSON.parse(entry.Detail ?? '{}'),
        })),
      ),
  };
}
