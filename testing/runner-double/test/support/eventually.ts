import { expect } from 'vitest';

/** `expect.poll` with a patience that a busy machine needs. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: 25_000, interval: 25 });
}
