import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandVariables } from '../src/job/request/expand-variables.ts';

const VARIABLES = new Map([
  ['APP', 'shop'],
  ['TWICE', '$APP'],
]);

describe('variables in a name', () => {
  // As os.Expand does with `Variables.Get` of common/spec/variables.go of 19.3: these were run through it.
  it.each([
    ['registry/$APP:1', 'registry/shop:1'],
    [`\${APP}-\${APP}`, 'shop-shop'],
    ['a$APPLE', 'a'],
    ['$$APP', '$APP'],
    ['$TWICE', '$APP'],
    ['$', '$'],
    ['a$-b', 'ab'],
    ['a$1', 'a'],
    ['a$.b', 'a$.b'],
    ['a$@b$*c', 'abc'],
    [`a\${}b`, 'ab'],
    [`a\${APP`, 'aAPP'],
    [`}a\${APP`, '}aAPP'],
    [`\${$}APP`, '$APP'],
    [`\${NOT A NAME}x`, 'x'],
  ])('%j becomes %j', (text, expanded) => {
    expect(expandVariables(text, VARIABLES)).toBe(expanded);
  });

  it('have a limit for the result, whatever their values are', () => {
    const variables = new Map([['A', 'x'.repeat(131_000)]]);
    expect(() => expandVariables('$A'.repeat(20_000), variables)).toThrow(
      /^"(\$A){50}…" \(40000 characters\) has more than 131072 characters after its variables are expanded\.$/,
    );
    expect(expandVariables('$A', variables)).toHaveLength(131_000);
    expect(() => expandVariables('$A', variables, 255)).toThrow('has more than 255 characters');
  });

  it('leave a text without a dollar sign unchanged', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => {
          expect(expandVariables(text, VARIABLES)).toBe(text);
        },
      ),
    );
  });
});
