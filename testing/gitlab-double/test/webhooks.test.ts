import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { afterDelivery, HEALTHY, isDisabled, isSuccess } from '../src/webhooks/health.ts';
import { call, type Fixture, idOf, put, runningJob, singleStage, startFixture } from './helpers.ts';

interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  body: Record<string, unknown>;
}

const bodySchema = z.record(z.string(), z.unknown());
const received: Received[] = [];
let status = 202;
let fixture: Fixture;
let url: string;

beforeAll(async () => {
  const receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const text = Buffer.concat(parts).toString('utf8');
    received.push({ headers: request.headers, text, body: bodySchema.parse(JSON.parse(text)) });
    response.writeHead(status, { location: '/elsewhere' }).end('noted');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port }: AddressInfo = z
    .object({ port: z.number(), address: z.string(), family: z.string() })
    .parse(receiver.address());
  url = `http://127.0.0.1:${port}/hook?fleet=main`;
  fixture = await startFixture();
  return () => receiver.close();
});

beforeEach(async () => {
  fixture.gitlab.webhooks.clear();
  for (const { id } of fixture.gitlab.jobs.values()) fixture.gitlab.cancelJob(id);
  await fixture.gitlab.deliveriesSettled();
  received.length = 0;
  status = 202;
});

function fixtureBody(name: string): Record<string, unknown> {
  const file = new URL(`../fixtures/${name}`, import.meta.url);
  return bodySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Differences in fields and types between a sample and `actual`. Null matches everything: it means a value not yet known. */
function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (expected === null || (actual === null && path !== '')) return [];
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${path} is not a list`];
    return actual.flatMap((item, index) => differences(expected[0], item, `${path}[${index}]`));
  }
  if (typeof expected !== 'object') {
    return typeof actual === typeof expected ? [] : [`${path} is ${typeof actual}, not ${typeof expected}`];
  }
  const found = new Map<string, unknown>(Object.entries(actual ?? {}));
  return Object.entries(expected).flatMap(([key, value]) =>
    found.has(key) ? differences(value, found.get(key), `${path}.${key}`) : [`${path}.${key} is missing`],
  );
}

const jobHooks = () => received.filter(({ headers }) => headers['x-gitlab-event'] === 'Job Hook');
const statuses = () => jobHooks().map(({ body }) => body.build_status);

describe('a Job Hook', () => {
  it('is sent for each status of a job', async () => {
    fixture.gitlab.addWebhook({ url });
    const job = await runningJob(fixture);
    await put(fixture.gitlab, job, { state: 'failed', failure_reason: 'script_failure', exit_code: 1 });
    await fixture.gitlab.deliveriesSettled();
    // Deliveries overlap and may overtake each other, as in GitLab.
    expect(statuses().sort()).toEqual(['created', 'failed', 'pending', 'running']);
    const last = jobHooks().find(({ body }) => body.build_status === 'failed');
    expect(last?.body).toMatchObject({
      build_failure_reason: 'script_failure',
      runner: { id: fixture.runner.id },
    });
  });

  it('has the shape of the sample in the documentation', async () => {
    fixture.gitlab.addWebhook({ url });
    const sourcePipeline = { projectId: fixture.project.id, pipelineId: 30, jobId: 3401 };
    await fixture.gitlab.createPipeline(fixture.project, { ...singleStage({}), sourcePipeline });
    const response = await call(fixture.gitlab, 'POST', '/jobs/request', {
      body: { token: fixture.runner.token },
    });
    const id = await idOf(response);
    await fixture.gitlab.deliveriesSettled();
    const running = jobHooks().find(({ body }) => body.build_status === 'running');
    expect(running?.body).toMatchObject({
      object_kind: 'build',
      build_id: id,
      project_id: fixture.project.id,
    });
    expect(differences(fixtureBody('job-hook.created.json'), running?.body)).toEqual([]);
    const pending = jobHooks().find(({ body }) => body.build_status === 'pending');
    expect(pending?.body).toMatchObject({ runner: null, build_started_at: null });
  });

  it('carries the headers that GitLab sends', async () => {
    const hook = fixture.gitlab.addWebhook({ url, token: 's3cret', events: { pipeline: false } });
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    expect(received).toHaveLength(2);
    const [first, second] = received.map(({ headers }) => headers);
    expect(first).toMatchObject({
      'content-type': 'application/json',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': 's3cret',
      'x-gitlab-instance': fixture.gitlab.url,
      'x-gitlab-webhook-uuid': hook.uuid,
    });
    expect(first?.['user-agent']).toMatch(/^GitLab\/\d+\.\d+\.\d+$/);
    expect(first?.['idempotency-key']).not.toBe(second?.['idempotency-key']);
    expect(first?.['x-gitlab-event-uuid']).not.toBe(second?.['x-gitlab-event-uuid']);
    expect(first?.['webhook-signature']).toBeUndefined();
  });

  it('is signed according to Standard Webhooks if the webhook has a signing token', async () => {
    const key = Buffer.alloc(32, 7);
    const signingToken = `whsec_${key.toString('base64')}`;
    fixture.gitlab.addWebhook({ url, signingToken, events: { pipeline: false } });
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    const [first] = received;
    if (!first) throw new Error('nothing was delivered');
    const { headers, text } = first;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
    const digest = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${digest}`);
    expect(headers['webhook-id']).toBe(headers['idempotency-key']);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(10);
    expect(headers['x-gitlab-token']).toBeUndefined();
  });
});

describe('a Pipeline Hook', () => {
  it('is sent to the same URL and has the shape of the sample in the documentation', async () => {
    fixture.gitlab.addWebhook({ url, events: { job: false } });
    const job = await runningJob(fixture);
    await put(fixture.gitlab, job, { state: 'success' });
    await fixture.gitlab.deliveriesSettled();
    const sample = fixtureBody('pipeline-hook.success.json');
    // Only pipelines of merge requests and triggered pipelines have these two.
    const { merge_request: _none, source_pipeline: _neither, ...expected } = sample;
    const last = received.find(
      ({ body }) => z.looseObject({ status: z.string() }).parse(body.object_attributes).status === 'success',
    );
    expect(last?.headers['x-gitlab-event']).toBe('Pipeline Hook');
    expect(differences(expected, last?.body)).toEqual([]);
  });
});

describe('deliveries', () => {
  it('are sent to every webhook of the project, and are all recorded', async () => {
    fixture.gitlab.addWebhook({ url, events: { pipeline: false } });
    fixture.gitlab.addWebhook({ url, events: { pipeline: false }, projectId: fixture.project.id });
    fixture.gitlab.addWebhook({ url, projectId: 999 });
    const before = fixture.gitlab.deliveries.length;
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    const deliveries = fixture.gitlab.deliveries.slice(before);
    expect(deliveries).toHaveLength(4);
    for (const delivery of deliveries) {
      expect(delivery).toMatchObject({
        outcome: 'answered',
        status: 202,
        responseBody: 'noted',
        error: null,
      });
      expect(delivery.ms).toBeGreaterThanOrEqual(0);
    }
  });

  it('are recorded as failed without a response', async () => {
    const hook = fixture.gitlab.addWebhook({ url: 'http://127.0.0.1:1/', events: { pipeline: false } });
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    const failed = fixture.gitlab.deliveries.filter(({ webhookId }) => webhookId === hook.id);
    expect(failed).toMatchObject([
      { outcome: 'failed', status: null },
      { outcome: 'failed', status: null },
    ]);
    expect(failed[0]?.error).toContain('ECONNREFUSED');
  });

  it('stop temporarily after four consecutive failures', async () => {
    status = 503;
    const hook = fixture.gitlab.addWebhook({ url, events: { pipeline: false } });
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}, {}));
    await fixture.gitlab.deliveriesSettled();
    expect(hook.health.failures).toBe(4);
    expect(received).toHaveLength(4);
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    expect(received).toHaveLength(4);
    expect(fixture.gitlab.deliveries.at(-1)).toMatchObject({ webhookId: hook.id, outcome: 'skipped' });
  });

  it('can have a custom Host header', async () => {
    const customHeaders = { Host: 'abc.lambda-url.eu-west-1.localhost:4566' };
    fixture.gitlab.addWebhook({ url, customHeaders });
    await fixture.gitlab.createPipeline(fixture.project, singleStage({}));
    await fixture.gitlab.deliveriesSettled();
    expect(received[0]?.headers.host).toBe('abc.lambda-url.eu-west-1.localhost:4566');
  });
});

describe('the health of a webhook', () => {
  const MINUTE = 60_000;

  it.each([
    [1, 0],
    [3, 0],
    [4, MINUTE],
    [5, 2 * MINUTE],
    [10, 64 * MINUTE],
    [15, 24 * 60 * MINUTE],
    [39, 24 * 60 * MINUTE],
    [40, Number.POSITIVE_INFINITY],
  ])('after consecutive failure %i the webhook is disabled for %d ms', (failures, disabledMs) => {
    const health = afterDelivery({ failures: failures - 1, disabledUntil: 0 }, false, 0);
    expect(health).toEqual({ failures, disabledUntil: disabledMs });
    expect(isDisabled(health, 0)).toBe(disabledMs > 0);
    expect(isDisabled(health, disabledMs)).toBe(false);
  });

  it('is restored by a success', () => {
    expect(afterDelivery({ failures: 12, disabledUntil: 5 }, true, 10)).toEqual(HEALTHY);
  });

  it.each([
    [200, true],
    [302, true],
    [404, false],
    [500, false],
    [null, false],
  ])('counts %s as success: %s', (answer, success) => {
    expect(isSuccess(answer)).toBe(success);
  });
});
