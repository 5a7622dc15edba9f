/**
 * The modules that decide, by package: what mutation testing mutates. Only the unit tests of its own package run against a
 * mutant, since its contract is tested where it stands.
 */
export const decidingModules = {
  'aws-calls': ['publish-events'],
  'ecs-tasks': ['capacity-refusal', 'crash-backoff', 'judgements', 'stop-task', 'task-facts'],
  'fargate-executor': [
    'job/job-overrides',
    'job/plan-image',
    'job/plan-image-entry-point',
    'job/plan-job-task',
    'job/plan-mirrors',
    'job/plan-registry-logins',
    'job/plan-service-programs',
    'job/plan-services',
    'job/plan-size',
    'job/plan-user',
    'job/refuse-cache-key',
    'job/refuse-long-texts',
    'job/refuse-unsupported',
    'task/explain-stop',
  ],
  'idle-reaper': ['judge-fleet', 'judge-job-task', 'judge-manager', 'judge-replacement', 'judge-secret'],
  'runner-launcher': ['launch-failure', 'match-fleet', 'plan-launch', 'retry-delay'],
  'webhook-receiver': ['authenticate', 'job-hook'],
};

/** Tests that run against mutants: those of decisions. Tests of whole handlers would only repeat them, and take longer. */
export const decidingTests = [
  'packages/aws-calls/test/publish-events.test.ts',
  'packages/ecs-tasks/test/{capacity-refusal,crash-backoff,stop-task,task-facts}.test.ts',
  'packages/fargate-executor/test/{job-overrides,plan-*,refuse-*,image-entry-point}.test.ts',
  'packages/fargate-executor/test/explain-stop.test.ts',
  'packages/idle-reaper/test/{judge-*,secrets}.test.ts',
  'packages/runner-launcher/test/{launch-failure,match-fleet,plan-launch,small-parts}.test.ts',
  'packages/webhook-receiver/test/{authenticate,is-authentic,job-hook}.test.ts',
];
