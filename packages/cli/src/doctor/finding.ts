/** Something that is wrong, or may be. */
export interface Finding {
  /** The check that found it; docs/operating.md lists all. */
  check: CheckName;
  /** `broken`: jobs do not run, or some do not. `warning`: it may be intended. */
  severity: 'broken' | 'warning';
  /** One sentence: what is wrong, and where. */
  problem: string;
  /** What mends it, as a command where there is one. */
  fix: string;
}

export type CheckName =
  | 'stack-missing'
  | 'stack-failed'
  | 'stack-changing'
  | 'part-missing'
  | 'part-disabled'
  | 'function-throttled'
  | 'no-fleet'
  | 'fleet-invalid'
  | 'runner-token-missing'
  | 'runner-token-refused'
  | 'webhook-secret-missing'
  | 'api-token-missing'
  | 'ca-invalid'
  | 'ca-expired'
  | 'ca-expires-soon'
  | 'manager-definition-missing'
  | 'no-webhook'
  | 'webhook-refused'
  | 'webhook-for-unknown-fleet'
  | 'webhook-invalid'
  | 'webhook-of-other-events'
  | 'receiver-failing'
  | 'launch-failed'
  | 'launcher-dead-letters'
  | 'reaper-dead-letters'
  | 'manager-image'
  | 'manager-not-started'
  | 'manager-crashed'
  | 'manager-slow'
  | 'job-image'
  | 'job-not-started'
  | 'subnet-missing'
  | 'subnet-without-route'
  | 'subnet-without-address'
  | 'security-group-missing'
  | 'service-linked-role-missing'
  | 'capacity-provider-missing'
  | 'hook-missing'
  | 'hook-without-job-events'
  | 'hook-disabled'
  | 'hook-event-failed'
  | 'hook-event-missing'
  | 'runner-paused'
  | 'job-without-runner'
  | 'not-checked';

export const broken = (check: CheckName, problem: string, fix: string): Finding => ({
  check,
  severity: 'broken',
  problem,
  fix,
});

export const warning = (check: CheckName, problem: string, fix: string): Finding => ({
  check,
  severity: 'warning',
  problem,
  fix,
});
