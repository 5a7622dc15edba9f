import { expect } from 'vitest';

/** `expect.poll` with a timeout long enough for a busy machine. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: 25_000, interval: 25 });
}
