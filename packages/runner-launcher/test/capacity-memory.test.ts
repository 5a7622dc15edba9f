import { describe, expect, it } from 'vitest';
import { createCapacityMemory, retryDelaySeconds } from '../src/index.ts';

describe('the capacity memory', () => {
  it('forgets after twenty seconds, and keeps providers and subnets apart', () => {
    let now = 0;
    const memory = createCapacityMemory(() => now);
    memory.refused('FARGATE_SPOT', ['a', 'b']);
    expect(memory.worthTrying(['FARGATE_SPOT', 'FARGATE'], ['b', 'a'])).toEqual(['FARGATE']);
    expect(memory.worthTrying(['FARGATE_SPOT', 'FARGATE'], ['a'])).toEqual(['FARGATE_SPOT', 'FARGATE']);
    now = 19_999;
    expect(memory.worthTrying(['FARGATE_SPOT'], ['a', 'b'])).toEqual([]);
    now = 20_000;
    expect(memory.worthTrying(['FARGATE_SPOT'], ['a', 'b'])).toEqual(['FARGATE_SPOT']);
  });

  it('has forgotten a refusal when the refused message comes back for the first time', () => {
    let now = 0;
    const memory = createCapacityMemory(() => now);
    memory.refused('FARGATE', ['a', 'b']);
    now = retryDelaySeconds('no-capacity', 1, 0) * 1000;
    expect(memory.worthTrying(['FARGATE'], ['a', 'b'])).toEqual(['FARGATE']);
  });
});
