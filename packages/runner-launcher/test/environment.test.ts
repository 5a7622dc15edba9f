import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.ts';

describe('the environment', () => {
  const complete = {
    CLUSTER: 'arn',
    EVENT_BUS_NAME: 'bus',
    QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/q',
    DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/d',
  };

  it('has defaults for optional variables', () => {
    expect(readEnvironment(complete).PARAMETER_PREFIX).toBe('/serverless-gitlab-runner');
    expect(readEnvironment(complete).MAX_RECEIVES).toBe(1000);
    expect(readEnvironment({ ...complete, MAX_RECEIVES: '7' }).MAX_RECEIVES).toBe(7);
  });

  it.each(Object.keys(complete))('names %s when it is missing', (name) => {
    expect(() => readEnvironment({ ...complete, [name]: undefined })).toThrow(name);
  });

  it.each(['no-slash', '/ends-with/'])('refuses the prefix %s', (PARAMETER_PREFIX) => {
    expect(() => readEnvironment({ ...complete, PARAMETER_PREFIX })).toThrow('PARAMETER_PREFIX');
  });
});
