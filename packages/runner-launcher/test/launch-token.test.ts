import { describe, expect, it } from 'vitest';
import { launchToken } from '../src/index.ts';

describe('the client token', () => {
  const cause = {
    parameterPrefix: '/p',
    fleet: 'default',
    slot: 1,
    capacityProvider: 'FARGATE',
    generation: 0,
  } as const;

  it('is the same for the same cause, and valid for ECS', () => {
    expect(launchToken(cause)).toBe(launchToken({ ...cause }));
    expect(launchToken(cause)).toMatch(/^[!-~]{1,64}$/);
  });

  it.each([
    { parameterPrefix: '/q' },
    { fleet: 'other' },
    { slot: 2 },
    { capacityProvider: 'FARGATE_SPOT' as const },
    { generation: 1 },
  ])('differs for another %o', (other) => {
    expect(launchToken({ ...cause, ...other })).not.toBe(launchToken(cause));
  });
});
