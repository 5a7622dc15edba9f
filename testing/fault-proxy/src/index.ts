/** A proxy that does to AWS calls and GitLab requests what networks and services do on bad days, and records who called what. */
export { awsDialect } from './aws-dialect.ts';
export type { Answer, Call } from './call.ts';
export { CallRecord } from './call-record.ts';
export { accessDenied, errorAnswer, internalError, throttled } from './error-answers.ts';
export { gitlabDialect } from './gitlab-dialect.ts';
export { type FaultProxy, startFaultProxy } from './proxy.ts';
export type { ActiveRule, Rule } from './rules.ts';
