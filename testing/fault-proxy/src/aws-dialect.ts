import type { Call, Dialect, RequestHead, WireProtocol } from './call.ts';

/** Service by the prefix of `X-Amz-Target`, for calls whose signature does not name the service. */
const TARGETS: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonSSM: 'ssm',
  AWSEvents: 'events',
  AmazonSQS: 'sqs',
  Logs_20140328: 'logs',
};

/** REST operations of Lambda that are in use here. */
const LAMBDA_ROUTES: readonly [method: string, path: RegExp, operation: string][] = [
  ['POST', /^\/\d{4}-\d\d-\d\d\/functions\/([^/]+)\/invocations$/, 'Invoke'],
  ['GET', /^\/\d{4}-\d\d-\d\d\/functions\/([^/]+)\/configuration$/, 'GetFunctionConfiguration'],
];

/** Caller of pre-signed URLs: only cache URLs are pre-signed, by this role (its logical id in the templates). */
const PRESIGNER = 'SharedFleetdefaultCacheRole';
/** Operations on an object, with the bucket in the path. */
const OBJECT_OPERATIONS: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
};
const OBJECT_PATH = /^\/([^/]+)\/(.+)$/;

const CREDENTIAL = /Credential=([^/]+)\/\d{8}\/[^/]*\/([^/]+)\/aws4_request/;
/** AWS_SDK_UA_APP_ID in the SDK's user agent. Powertools appends a suffix of a hyphen and upper-case letters. */
const APP_ID = /(?:^| )app\/([a-z]+(?:-[a-z]+)*)/;

/**
 * Names calls of AWS's JSON, Query and REST protocols.
 * @param nameOf returns the name of an access key's caller, if known
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function awsDialect(nameOf: (accessKey: string) => string | undefined): Dialect {
  return {
    readsBody: ({ headers }) => /json|x-www-form-urlencoded/.test(headers['content-type'] ?? ''),
    name: (head, body) => {
      const [, accessKey = '', scope] =
        CREDENTIAL.exec(head.headers.authorization ?? signedQuery(head)) ?? [];
      const path = pathOf(head);
      const isPresigned = head.headers.authorization === undefined && scope === 's3';
      return {
        ...operationOf(head, path, scope, body),
        caller: isPresigned ? PRESIGNER : (appId(head) ?? nameOf(accessKey) ?? accessKey),
        method: head.method,
        url: head.url,
      };
    },
  };
}

/** The client's AWS_SDK_UA_APP_ID. */
function appId({ headers }: RequestHead): string | undefined {
  const agents = [headers['x-amz-user-agent'], headers['user-agent']].flat().join(' ');
  return APP_ID.exec(agents)?.[1];
}

type Operation = Pick<Call, 'service' | 'operation' | 'parameters' | 'protocol'>;

function operationOf(
  head: RequestHead,
  path: string,
  scope: string | undefined,
  body: Buffer | undefined,
): Operation {
  const target = head.headers['x-amz-target'];
  if (typeof target === 'string') return jsonOperation(target, scope, body);
  const form = new URLSearchParams(
    /x-www-form-urlencoded/.test(head.headers['content-type'] ?? '') ? body?.toString('utf8') : queryOf(head),
  );
  const action = form.get('Action');
  if (action !== null) {
    const parameters = Object.fromEntries(form);
    return { service: scope ?? 'unknown', operation: action, parameters, protocol: 'aws-query' };
  }
  return restOperation(head, path, scope, body);
}

function jsonOperation(target: string, scope: string | undefined, body: Buffer | undefined): Operation {
  const [prefix = '', operation = ''] = target.split('.');
  const service = scope ?? TARGETS[prefix] ?? prefix;
  return { service, operation, parameters: parse(body), protocol: 'aws-json' };
}

function restOperation(
  { method }: RequestHead,
  path: string,
  scope: string | undefined,
  body: Buffer | undefined,
): Operation {
  const protocol: WireProtocol = 'aws-rest';
  for (const [routeMethod, pattern, operation] of LAMBDA_ROUTES) {
    const match = routeMethod === method ? pattern.exec(path) : null;
    if (!match) continue;
    const FunctionName = decodeURIComponent(match[1] ?? '');
    return { service: 'lambda', operation, parameters: { ...parse(body), FunctionName }, protocol };
  }
  const [, Bucket, Key = ''] = OBJECT_PATH.exec(path) ?? [];
  const objectOperation = scope === 's3' ? OBJECT_OPERATIONS[method] : undefined;
  if (objectOperation !== undefined && Bucket !== undefined) {
    const parameters = { Bucket, Key: decodeURIComponent(Key) };
    return { service: 's3', operation: objectOperation, parameters, protocol };
  }
  return {
    service: scope ?? 'unknown',
    operation: `${method} ${path}`,
    parameters: parse(body),
    protocol,
  };
}

/** The credentials of a pre-signed URL in the format of the `Authorization` header. */
function signedQuery(head: RequestHead): string {
  return `Credential=${new URLSearchParams(queryOf(head)).get('X-Amz-Credential') ?? ''}`;
}

function pathOf({ url }: RequestHead): string {
  return url.split('?')[0] ?? url;
}

function queryOf({ url }: RequestHead): string {
  return url.split('?')[1] ?? '';
}

/** Parses a JSON object; empty if the body is anything else. */
function parse(body: Buffer | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body?.toString('utf8') ?? '');
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
