import { describe, expect, it } from 'vitest';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { fleetOf } from './support/fleet.ts';
import { jobWith } from './support/job.ts';

interface Asked {
  image?: string;
  service?: string;
  variables?: Record<string, string>;
  timeout?: number;
}

function notesOf({ image = 'alpine:3', service, variables = {}, timeout }: Asked): readonly string[] {
  const services = service === undefined ? [] : [{ name: service }];
  const request = jobWith(variables, { image: { name: image }, services });
  const planned = planJobTask(
    { ...request, timeoutSeconds: timeout },
    fleetOf({ job: { maxLifetimeSeconds: 3600 } }),
  );
  if (planned.kind === 'refused') throw new Error(planned.lines.join());
  return planned.plan.notes;
}

describe('the job log warns at the start about what may fail on Fargate, with advice', () => {
  it.each<[string, Asked, string, string]>([
    ['GPU', { image: 'nvidia/cuda:12.4.1-base-ubuntu22.04' }, 'no GPUs', 'tags of a runner with GPUs'],
    ['… by its tag', { image: 'tensorflow/tensorflow:2.16.1-gpu' }, 'no GPUs', 'Run on the CPU'],
    [
      '… by its tag, too',
      { image: 'pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime' },
      'no GPUs',
      'Run on the CPU',
    ],
    ['KVM', { image: 'budtmo/docker-android:emulator_13.0' }, 'no /dev/kvm', 'device farm'],
    [
      '… as a service',
      { service: 'us-docker.pkg.dev/android/android-emulator-30:30' },
      'no /dev/kvm',
      'tags of a runner',
    ],
    ['/dev/shm', { image: 'cypress/browsers:node-20' }, '64 MB', '--disable-dev-shm-usage'],
    [
      '… of Playwright',
      { image: 'mcr.microsoft.com/playwright:v1.48.0' },
      '64 MB',
      '--disable-dev-shm-usage',
    ],
    ['… as a service', { service: 'selenium/standalone-chrome:4' }, '64 MB', '--disable-dev-shm-usage'],
    [
      'Testcontainers',
      { variables: { TESTCONTAINERS_RYUK_DISABLED: 'true' } },
      'Docker daemon',
      '`services:`',
    ],
    [
      'a timeout',
      { timeout: 7200 },
      'timeout is 120 min, but this fleet stops a job task 60 min',
      'Split the job',
    ],
  ])('%s: %j', (_, asked, why, instead) => {
    expect(notesOf(asked)).toEqual([expect.stringContaining(why)]);
    expect(notesOf(asked).join()).toContain(instead);
  });

  it.each<[string, Asked]>([
    ['an ordinary image', { image: 'node:24' }],
    ['an image with a like name', { image: 'registry.example.com/gpupdate:1' }],
    [
      'Testcontainers with a daemon elsewhere',
      { variables: { TESTCONTAINERS_X: '1', DOCKER_HOST: 'tcp://d.example.com:1' } },
    ],
    ['a timeout within the limit', { timeout: 3600 }],
  ])('no warning: %s', (_, asked) => {
    expect(notesOf(asked)).toEqual([]);
  });

  it('uses the timeout that GitLab sends, not a variable', () => {
    expect(notesOf({ timeout: 60, variables: { CI_JOB_TIMEOUT: '99999' } })).toEqual([]);
  });
});
