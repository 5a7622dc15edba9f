import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import type { LoggedJob } from '../../src/forecast/logged-job.ts';
import { now } from './job.ts';

let nextId = 0;

/**
 * A job of pipeline 1 that was queued and ended so many seconds after the beginning of the test's time, and waited 50 s.
 * @param over any other fact
 */
export function loggedJob(
  jobName: string,
  queued: number,
  ended: number,
  over: Partial<LoggedJob> = {},
): LoggedJob {
  nextId += 1;
  const queuedAt = now + queued * 1000;
  const endedAt = now + ended * 1000;
  return {
    jobId: nextId,
    jobName,
    fleet: 'default',
    projectId: 3,
    pipelineId: 1,
    ref: 'feature',
    image: 'alpine:3',
    cpu: 1024,
    memory: 2048,
    architecture: 'X86_64',
    capacityProvider: 'FARGATE',
    queuedAt,
    startedAt: Math.min(endedAt, queuedAt + 50_000),
    endedAt,
    finishedAt: endedAt,
    succeeded: true,
    waitedSeconds: 50,
    startSeconds: 40,
    costUsd: 0.0023,
    ...over,
  };
}

const STAGES = [['compile'], ['unit', 'lint'], ['package']];
const RUN_SECONDS = 120;
const PIPELINES_OF_A_ROW = 10;
const STAGE_SECONDS = 50 + RUN_SECONDS + 1;

/** Pipelines of three stages and four jobs, ten in a row half an hour apart, one row in 36 hours; the last one ends before `now`. */
export function loggedPipelines(count: number, over: Partial<LoggedJob> = {}): LoggedJob[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    STAGES.flatMap((names, stage) =>
      names.map((name) => {
        const row = Math.floor((count - 1 - index) / PIPELINES_OF_A_ROW);
        const place = (count - 1 - index) % PIPELINES_OF_A_ROW;
        const queued = -row * 36 * 3600 - (place + 1) * 1800 + stage * STAGE_SECONDS;
        return loggedJob(name, queued, queued + 50 + RUN_SECONDS, { pipelineId: index + 1, ...over });
      }),
    ),
  );
}

/** A valid fleet; settings replace defaults. */
export function fleetConfig(over: Record<string, unknown> = {}): FleetConfig {
  return fleetConfigSchema.parse(fleetDocument(over));
}

export function fleetDocument(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: 1,
    name: 'default',
    network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
    ...over,
  };
}
