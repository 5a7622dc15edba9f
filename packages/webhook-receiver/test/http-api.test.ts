import type { APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { readWebhookRequest } from '../src/webhook-request.ts';

const BODY = '{"object_kind":"build","project_name":"größe"}';

/** The event that API Gateway passes on for a POST with these headers. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function httpApiEvent(over: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: 'fleet=linux-arm&runner_token=glrt-a%2Bb',
    queryStringParameters: { fleet: 'linux-arm', runner_token: 'glrt-a+b' },
    headers: {
      'content-type': 'application/json',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': 'secret',
      'x-forwarded-for': '203.0.113.7',
    },
    requestContext: {
      accountId: '111122223333',
      apiId: 'a1b2c3d4e5',
      domainName: 'a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn',
      domainPrefix: 'a1b2c3d4e5',
      http: {
        method: 'POST',
        path: '/',
        protocol: 'HTTP/1.1',
        sourceIp: '203.0.113.7',
        userAgent: 'GitLab/19.4.0',
      },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '28/Nov/2026:19:03:58 +0000',
      timeEpoch: 1_795_892_638_390,
    },
    body: BODY,
    isBase64Encoded: false,
    ...over,
  };
}

function read(event: APIGatewayProxyEventV2 | LambdaFunctionURLEvent) {
  const { method, query, header, body } = readWebhookRequest(event);
  return {
    method,
    fleet: query('fleet'),
    runnerToken: query('runner_token'),
    event: header('X-Gitlab-Event'),
    token: header('X-Gitlab-Token'),
    body: body.toString(),
  };
}

const EXPECTED = {
  method: 'POST',
  fleet: 'linux-arm',
  runnerToken: 'glrt-a+b',
  event: 'Job Hook',
  token: 'secret',
  body: BODY,
};

describe('a webhook through an HTTP API', () => {
  it('is read like one through a function URL', () => {
    expect(read(httpApiEvent())).toEqual(EXPECTED);
  });

  it('with a content type that is not text has the bytes that GitLab signed', () => {
    const event = httpApiEvent({ body: Buffer.from(BODY).toString('base64'), isBase64Encoded: true });
    expect(read(event)).toEqual(EXPECTED);
  });

  it('may use any path and gets the same answer', () => {
    expect(read(httpApiEvent({ rawPath: '/gitlab/hook' }))).toEqual(EXPECTED);
  });
});
