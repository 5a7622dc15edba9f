import { CreateFunctionCommand, CreateFunctionUrlConfigCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EmulatorFixture } from './support/emulator-fixture.ts';
import { zipOf } from './support/zip.ts';

const HANDLER = `export const handler = async (event) => ({
  statusCode: Number(event.queryStringParameters?.status ?? 200),
  headers: { 'content-type': 'application/json', 'x-node': process.versions.node },
  body: JSON.stringify(event),
});`;

const eventSchema = z.looseObject({
  rawPath: z.string(),
  rawQueryString: z.string(),
  queryStringParameters: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()),
  isBase64Encoded: z.boolean(),
  body: z.string().optional(),
});

let fixture: EmulatorFixture;
let url: string;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('lambda');
  const lambda = new LambdaClient(fixture.clientOptions);
  const FunctionName = 'echo';
  const Role = 'arn:aws:iam::000000000000:role/lambda';
  const Code = { ZipFile: await zipOf('index.mjs', HANDLER) };
  const definition = { FunctionName, Runtime: 'nodejs24.x' as const, Handler: 'index.handler', Role, Code };
  await lambda.send(new CreateFunctionCommand(definition));
  const created = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }));
  const [id] = new URL(created.FunctionUrl ?? '').host.split('.');
  url = `${fixture.emulator.endpoint}/_aws/lambda-url/${id}/`;
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers });
  return { answer, event: eventSchema.parse(await answer.json()) };
}

describe('a function URL in path form', () => {
  it('reaches a Lambda on Node 24 with path, query string, headers and body', async () => {
    const { answer, event } = await post('a/b?fleet=a%20b&runner_token=x', '{"object_kind":"büild"}', {
      'content-type': 'application/json',
      'X-Gitlab-Token': 'secret',
    });
    expect(answer.headers.get('x-node')).toMatch(/^24\./);
    expect(event).toMatchObject({
      rawPath: '/a/b',
      rawQueryString: 'fleet=a%20b&runner_token=x',
      queryStringParameters: { fleet: 'a b', runner_token: 'x' },
      headers: { 'x-gitlab-token': 'secret', 'content-type': 'application/json' },
      isBase64Encoded: false,
      body: '{"object_kind":"büild"}',
    });
  });

  it('passes a binary body in base64', async () => {
    const { event } = await post('', Uint8Array.of(0, 255, 254), {
      'content-type': 'application/octet-stream',
    });
    expect(event).toMatchObject({ isBase64Encoded: true, body: 'AP/+' });
  });

  it.each([202, 401, 413, 503])('returns the status %i', async (status) => {
    expect((await post(`?status=${status}`, '{}')).answer.status).toBe(status);
  });

  it('refuses a payload over 6 MiB without invoking the Lambda', async () => {
    const answer = await fetch(url, { method: 'POST', body: new Uint8Array(6 * 1024 * 1024 + 1) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toEqual({ Message: 'Request Entity Too Large' });
  });
});
