import { describe, expect, it } from 'vitest';
import { failureKind, failureName, isRetryable } from '../src/calls/index.ts';

const named = (name: string, extra: object = {}) => Object.assign(new Error('said so'), { name, ...extra });

describe('what a failed AWS call means', () => {
  it.each([
    ['a throttle by name', named('ThrottlingException'), 'throttled'],
    ['a limit', named('LimitExceededException'), 'throttled'],
    ['a throttle by status', named('Odd', { $metadata: { httpStatusCode: 429 } }), 'throttled'],
    [
      'denied access',
      named('AccessDeniedException', { $metadata: { httpStatusCode: 400 } }),
      'access-denied',
    ],
    ['403 of a proxy', named('Odd', { $metadata: { httpStatusCode: 403 } }), 'access-denied'],
    ['a fault of the service', named('ServerException', { $metadata: { httpStatusCode: 500 } }), 'transient'],
    ['503 by status', named('Odd', { $metadata: { httpStatusCode: 503 } }), 'transient'],
    ['a timeout', named('TimeoutError'), 'transient'],
    ['a connection cut', Object.assign(new Error('cut'), { code: 'ECONNRESET' }), 'transient'],
    [
      'a parameter refused',
      named('InvalidParameterException', { $metadata: { httpStatusCode: 400 } }),
      'refused',
    ],
    ['a parameter refused, by name only', named('InvalidParameterException'), 'refused'],
    [
      'a throttle of EC2 that ECS wraps',
      Object.assign(new Error('Error retrieving security group: (ErrorCode: RequestLimitExceeded)'), {
        name: 'InvalidParameterException',
      }),
      'throttled',
    ],
    [
      'a race of registrations',
      Object.assign(
        new Error('Too many concurrent attempts to create a new revision of the specified family.'),
        {
          name: 'ClientException',
          $metadata: { httpStatusCode: 400 },
        },
      ),
      'throttled',
    ],
    ['such words in an error of our own', new TypeError('Rate exceeded'), 'unknown'],
    ['an error of our own', new TypeError('x is not a function'), 'unknown'],
    ['no error at all', undefined, 'unknown'],
    ['a throttle inside another error', new Error('wrapped', { cause: named('Throttling') }), 'throttled'],
  ] as const)('%s', (_title, error, kind) => {
    expect(failureKind(error)).toBe(kind);
    expect(isRetryable(error)).toBe(kind === 'throttled' || kind === 'transient');
  });

  it.each([
    [named('ThrottlingException'), 'ThrottlingException'],
    [Object.assign(new Error('cut'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [new Error('wrapped', { cause: named('ParameterNotFound') }), 'ParameterNotFound'],
    [new Error('plain'), 'Error'],
    ['text', 'unknown'],
  ])('names %s as AWS does', (error, name) => {
    expect(failureName(error)).toBe(name);
  });
});
