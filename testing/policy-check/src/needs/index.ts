import type { RecordedCall } from '../recording.ts';
import { ECS } from './ecs.ts';
import { type Facts, type Need, type NeedsOf, UnevaluableCallError } from './need.ts';
import { EVENTS, LOGS, S3, SECRETS_MANAGER, SQS, STS } from './others.ts';
import { SSM } from './ssm.ts';

const SERVICES: Readonly<Record<string, Readonly<Record<string, NeedsOf>>>> = {
  ecs: ECS,
  events: EVENTS,
  logs: LOGS,
  s3: S3,
  secretsmanager: SECRETS_MANAGER,
  sqs: SQS,
  ssm: SSM,
  sts: STS,
};

/**
 * Permissions that AWS checks for a recorded call.
 * @throws {UnevaluableCallError} if the operation is not in the table, or the recording lacks a parameter
 */
export function needsOf(call: RecordedCall, facts: Facts): Need[] {
  const needs = SERVICES[call.service]?.[call.operation];
  if (needs === undefined) {
    throw new UnevaluableCallError(
      `the permissions of ${call.service} ${call.operation} are not in the table: add them to src/needs`,
    );
  }
  return needs(call, facts);
}
