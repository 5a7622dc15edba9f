import { describe, expect, it } from 'vitest';
import { InvalidEnvironmentError, readEnvironment } from '../src/environment.ts';

const least = {
  CLUSTER: 'arn:aws:ecs:eu-west-1:123456789012:cluster/ci',
  EVENT_BUS_NAME: 'bus',
  FLEET: 'default',
  HELPER_IMAGE: 'helper:1',
  JOB_EXECUTION_ROLE_ARN: 'arn:aws:iam::123456789012:role/jobs',
  ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x',
};

describe("the manager's environment", () => {
  it('has defaults for everything that only the installation can know', () => {
    expect(readEnvironment({ ...least, JOB_LOG_GROUP: '' })).toMatchObject({
      parameterPrefix: '/serverless-gitlab-runner',
      runnerTokenParameter: undefined,
      jobLogGroup: undefined,
      logLevel: 'INFO',
      stateFolder: '/run/runner-manager',
      hooksFolder: '/usr/local/lib/runner-manager/hooks',
    });
  });

  it.each([
    [undefined, 'helper:1'],
    ['', 'helper:1'],
    ['helper:1-arm64', 'helper:1-arm64'],
  ])('uses HELPER_IMAGE_ARM64 (%j) for ARM64, else HELPER_IMAGE', (given, image) => {
    const { helperImages } = readEnvironment({ ...least, HELPER_IMAGE_ARM64: given });
    expect(helperImages).toEqual({ X86_64: 'helper:1', ARM64: image });
  });

  it.each(Object.keys(least))('without %s is refused, and the error names it', (name) => {
    expect(() => readEnvironment({ ...least, [name]: '' })).toThrow(InvalidEnvironmentError);
    expect(() => readEnvironment({ ...least, [name]: undefined })).toThrow(name);
  });

  it('lets programs inherit what reaches GitLab, and nothing of AWS', () => {
    const { inherited } = readEnvironment({
      ...least,
      PATH: '/bin',
      HOME: '/root',
      https_proxy: 'http://proxy',
      SSL_CERT_FILE: '/ca',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/secret',
      AWS_REGION: 'eu-west-1',
      NODE_OPTIONS: '--inspect',
    });
    expect(inherited).toEqual({
      PATH: '/bin',
      HOME: '/root',
      https_proxy: 'http://proxy',
      SSL_CERT_FILE: '/ca',
    });
  });
});
