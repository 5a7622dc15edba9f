import { describe, expect, it } from 'vitest';
import { expandVariables } from '../src/job/expand-variables.ts';
import { parseHookEnvironment } from '../src/job/job-request.ts';

describe("a hook's environment", () => {
  it('is read as env -0 prints it, whatever the values hold', () => {
    const read = parseHookEnvironment('A=1\0B=x=y\nz\0EMPTY=\0BROKEN\0=odd\0');
    expect([...read]).toEqual([
      ['A', '1'],
      ['B', 'x=y\nz'],
      ['EMPTY', ''],
    ]);
  });
});

describe('variables in a name', () => {
  it.each([
    ['registry/$APP:1', 'registry/shop:1'],
    [`\${APP}-\${APP}`, 'shop-shop'],
    ['a$APPLE', 'a'],
    ['$$APP', '$APP'],
    ['$', '$'],
    ['a$1b$*', 'ab'],
    ['a$.', 'a$.'],
    ['a${', 'a'],
  ])('%j becomes %j', (text, expanded) => {
    expect(expandVariables(text, new Map([['APP', 'shop']]))).toBe(expanded);
  });
});
