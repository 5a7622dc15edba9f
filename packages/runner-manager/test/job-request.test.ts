import { describe, expect, it } from 'vitest';
import { parseHookEnvironment } from '../src/job/request/job-request.ts';

describe("a hook's environment", () => {
  it('is parsed as env -0 prints it, whatever the values contain', () => {
    const read = parseHookEnvironment('A=1\0B=x=y\nz\0EMPTY=\0BROKEN\0=odd\0');
    expect([...read]).toEqual([
      ['A', '1'],
      ['B', 'x=y\nz'],
      ['EMPTY', ''],
    ]);
  });
});
