import { expect, it } from 'vitest';
import { capacityRefusal, quotaAdvice } from '../src/ecs-tasks/index.ts';

it.each([
  ["You've reached the limit on the number of vCPUs you can run concurrently", 'quota'],
  ["You've reached the limit on the number of tasks you can run concurrently", 'quota'],
  ['The requested CPU configuration is above your limit', 'quota'],
  ['The requested vCPU would exceed your limit', 'quota'],
  ['The requested vCPU exceeds your limit', 'quota'],
  ['Your account is currently blocked and cannot launch any Fargate tasks.', 'quota'],
  [
    'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    'no-capacity',
  ],
  ['RESOURCE:ENI', 'no-capacity'],
  ['Rate exceeded', undefined],
  ['Container.image repository length must not exceed 255 characters', undefined],
  ['not authorized to perform: iam:PassRole', undefined],
  ['TaskDefinition not found.', undefined],
])('"%s" is %s', (reason, refusal) => {
  expect(capacityRefusal(reason)).toBe(refusal);
});

it.each([
  ['FARGATE', "You've reached the limit on …", 'Fargate On-Demand vCPU resource count'],
  ['FARGATE_SPOT', "You've reached the limit on …", 'Fargate Spot vCPU resource count'],
  ['FARGATE', 'Your account is currently blocked', 'contact AWS Support'],
] as const)('on %s, "%s" leads to advice on "%s"', (provider, reason, advice) => {
  expect(quotaAdvice(provider, reason)).toContain(advice);
});
