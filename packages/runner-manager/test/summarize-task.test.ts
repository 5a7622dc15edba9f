import { fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import type { TaskPricing } from '../src/executor-context.ts';
import { summarizeTask } from '../src/job/end/summarize-task.ts';
import type { JobSession } from '../src/job/job-session.ts';

/** A session whose task of 1 vCPU and 2 GiB was asked for an hour ago. */
function session(): JobSession {
  const shape = { size: { cpu: 1024, memory: 2048 }, architecture: 'X86_64' };
  const task = { requestedAt: 0, capacityProvider: 'FARGATE', shape };
  return { task, reported: new Set() } as unknown as JobSession;
}

function lineIn(region: string, over: Partial<TaskPricing> = {}): string {
  const pricing = { ...fargatePricesOf(region), region, hasPublicIp: false, ...over };
  return summarizeTask({ pricing }, session(), 3_600_000).join();
}

describe('the price in the job log', () => {
  it.each([
    ['us-east-1', false, '$0.04937'],
    ['us-east-1', true, '$0.05437'],
    ['sa-east-1', false, '$0.08480'],
  ])('in %s, with a public address: %s', (region, hasPublicIp, price) => {
    expect(lineIn(region, { hasPublicIp })).toContain(`3600 s, about ${price} (`);
  });
});
