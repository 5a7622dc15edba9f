import { describe, expect, it } from 'vitest';
import { failureKind, failureName, isRetryable } from '../src/calls/index.ts';

const named = (name: string, extra: object = {}) => Object.assign(new Error('said so'), { name, ...extra });

describe('the kind of a failed AWS call', () => {
  it.each([
    ['throttling by name', named('ThrottlingException'), 'throttled'],
    ['a limit', named('LimitExceededException'), 'throttled'],
    ['throttling by status', named('Odd', { $metadata: { httpStatusCode: 429 } }), 'throttled'],
    [
      'denied access',
      named('AccessDeniedException', { $metadata: { httpStatusCode: 400 } }),
      'access-denied',
    ],
    ['403 of a proxy', named('Odd', { $metadata: { httpStatusCode: 403 } }), 'access-denied'],
    [
      'an error of the service',
      named('ServerException', { $metadata: { httpStatusCode: 500 } }),
      'transient',
    ],
    ['503 by status', named('Odd', { $metadata: { httpStatusCode: 503 } }), 'transient'],
    ['a timeout', named('TimeoutError'), 'transient'],
    ['a cut connection', Object.assign(new Error('cut'), { code: 'ECONNRESET' }), 'transient'],
    [
      'a refused parameter',
      named('InvalidParameterException', { $metadata: { httpStatusCode: 400 } }),
      'refused',
    ],
    ['a refused parameter, by name only', named('InvalidParameterException'), 'refused'],
    [
      'throttling by EC2 that ECS wraps',
      Object.assign(new Error('Error retrieving security group: (ErrorCode: RequestLimitExceeded)'), {
        name: 'InvalidParameterException',
      }),
      'throttled',
    ],
    [
      'concurrent registrations',
      Object.assign(
        new Error('Too many concurrent attempts to create a new revision of the specified family.'),
        {
          name: 'ClientException',
          $metadata: { httpStatusCode: 400 },
        },
      ),
      'throttled',
    ],
    ['such words in an error that is not from AWS', new TypeError('Rate exceeded'), 'unknown'],
    ['an error that is not from AWS', new TypeError('x is not a function'), 'unknown'],
    ['no error at all', undefined, 'unknown'],
    [
      'throttling as the cause of another error',
      new Error('wrapped', { cause: named('Throttling') }),
      'throttled',
    ],
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
