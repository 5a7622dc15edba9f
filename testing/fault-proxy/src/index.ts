/** A proxy that injects network and service faults into AWS and GitLab calls, and records the calls. */
export { awsDialect } from './aws-dialect.ts';
export type { Answer, Call } from './call.ts';
export { CallRecord } from './call-record.ts';
export { accessDenied, errorAnswer, internalError, throttled } from './error-answers.ts';
export { gitlabDialect } from './gitlab-dialect.ts';
export { type FaultProxy, startFaultProxy } from './proxy.ts';
export type { ActiveRule, Rule } from './rules.ts';
