import type { Answer, Call } from './call.ts';

/** An error of AWS or GitLab, independent of the protocol. */
export interface ServiceError {
  /** AWS's error code, such as `ThrottlingException`; not used for GitLab. */
  code: string;
  message: string;
  status: number;
  headers?: Record<string, string>;
}

const THROTTLED = { code: 'ThrottlingException', message: 'Rate exceeded' };

/** A throttling error as the service returns it: status 400 for JSON, 429 for REST, code `Throttling` for Query. */
export function throttled(call: Call): Answer {
  if (call.protocol === 'aws-query')
    return errorAnswer(call, { ...THROTTLED, code: 'Throttling', status: 400 });
  return errorAnswer(call, { ...THROTTLED, status: call.protocol === 'aws-json' ? 400 : 429 });
}

/** An access denial as the service returns it. */
export function accessDenied(call: Call): Answer {
  const message = `User: ${call.caller} is not authorized to perform: ${call.service}:${call.operation}`;
  if (call.protocol === 'aws-query') return errorAnswer(call, { code: 'AccessDenied', message, status: 403 });
  const status = call.protocol === 'aws-json' ? 400 : 403;
  return errorAnswer(call, { code: 'AccessDeniedException', message, status });
}

/** An internal error of the service, status 500. */
export function internalError(call: Call): Answer {
  const message = 'We encountered an internal error. Please try again.';
  return errorAnswer(call, { code: 'InternalServerError', message, status: 500 });
}

/**
 * Formats an error in a call's protocol.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
 */
export function errorAnswer(call: Call, { code, message, status, headers = {} }: ServiceError): Answer {
  switch (call.protocol) {
    case 'aws-json':
      return json(status, { __type: code, message }, { 'x-amzn-errortype': code, ...headers });
    case 'aws-rest':
      return json(status, { message }, { 'x-amzn-errortype': code, ...headers });
    case 'aws-query':
      return xml(status, code, message, headers);
    case 'gitlab':
      return json(status, { message: `${status} ${message}` }, headers);
  }
}

function json(status: number, body: Record<string, string>, headers: Record<string, string>): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  };
}

function xml(status: number, code: string, message: string, headers: Record<string, string>): Answer {
  const type = status >= 500 ? 'Receiver' : 'Sender';
  const body =
    `<ErrorResponse><Error><Type>${type}</Type><Code>${escaped(code)}</Code>` +
    `<Message>${escaped(message)}</Message></Error><RequestId>fault-proxy</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml', ...headers }, body: Buffer.from(body) };
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
