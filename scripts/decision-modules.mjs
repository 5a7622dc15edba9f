/**
 * The decision modules by package: the targets of mutation testing. Only the unit tests of its own package run against a
 * mutant, because they test its contract.
 */
export const decisionModules = {
  aws: [
    'calls/publish-events',
    'ecs-tasks/capacity-refusal',
    'ecs-tasks/crash-backoff',
    'ecs-tasks/manager-state',
    'ecs-tasks/stop-task',
    'ecs-tasks/task-facts',
  ],
  'runner-manager': [
    'ahead/decide-ahead',
    'ahead/why-not-ahead',
    'job/end/decide-job-end',
    'job/request/job-overrides',
    'job/plan/plan-image',
    'job/plan/plan-image-entry-point',
    'job/plan/plan-job-task',
    'job/plan/plan-mirrors',
    'job/plan/plan-registry-logins',
    'job/plan/plan-service-programs',
    'job/plan/plan-services',
    'job/plan/plan-size',
    'job/plan/plan-user',
    'job/request/refuse-cache-key',
    'job/request/refuse-long-texts',
    'job/request/refuse-unsupported',
    'task/explain-stop',
  ],
  'idle-reaper': [
    'decide-definition',
    'decide-fleet',
    'decide-job-task',
    'decide-manager',
    'decide-replacement',
    'decide-runner-token',
    'decide-secret',
  ],
  'runner-launcher': [
    'decide-next-step',
    'drained-managers',
    'launch-failure',
    'match-fleet',
    'plan-launch',
    'retry-delay',
  ],
  'webhook-receiver': ['authenticate', 'job-hook'],
};

/** Tests that run against mutants: those of decisions. Tests of whole handlers would repeat them and take longer. */
export const decisionTests = [
  'packages/aws/test/{publish-events,capacity-refusal,crash-backoff,stop-task,task-facts}.test.ts',
  'packages/runner-manager/test/{job-overrides,plan-*,refuse-*,image-entry-point}.test.ts',
  'packages/runner-manager/test/{decide-ahead,decide-job-end,explain-stop,why-not-ahead}.test.ts',
  'packages/idle-reaper/test/{decide-*,job-definitions,runner-tokens,secrets}.test.ts',
  'packages/runner-launcher/test/{decide-next-step,drained-managers,launch-failure,match-fleet,plan-launch,retry-delay}.test.ts',
  'packages/webhook-receiver/test/{authenticate,is-authentic,job-hook}.test.ts',
];
