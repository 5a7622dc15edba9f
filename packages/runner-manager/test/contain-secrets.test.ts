import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containSecrets } from '../src/job/request/contain-secrets.ts';
import { overridableEnvironment } from '../src/job/request/overridable-environment.ts';
import { jobWith } from './support/job.ts';

const fewLetters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });

describe('containSecrets', () => {
  it.each([
    [['password'], ['password'], [true]],
    [['a password here', 'none'], ['password'], [true, false]],
    [['pass', 'word'], ['password'], [false, false]],
    [['', 'a'], [''], [false, false]],
    [['über 😀'], ['😀'], [true]],
    [[], ['password'], []],
    [['password'], [], [false]],
  ])('%j and the secrets %j: %j', (texts, secrets, held) => {
    expect(containSecrets(texts, secrets)).toEqual(held);
  });

  it('finds what searching each text for each secret finds', () => {
    fc.assert(
      fc.property(
        fc.array(fewLetters, { maxLength: 5 }),
        fc.array(fewLetters, { maxLength: 5 }),
        (texts, secrets) => {
          const found = texts.map((text) => secrets.some((secret) => secret !== '' && text.includes(secret)));
          expect(containSecrets(texts, secrets)).toEqual(found);
        },
      ),
    );
  });
});

it('the longest secrets, each nearly contained in a public variable, take little time', () => {
  const secrets = Array.from({ length: 480 }, (_, index) => {
    return `${'a'.repeat(60 + (index % 40))}b${'a'.repeat(3900 - (index % 400))}`;
  });
  const value = 'a'.repeat(8000);
  const job = jobWith({ PUBLIC: value });
  const sentVariables = secrets.map((secret, index) => ({ key: `S${index}`, value: secret, public: false }));
  const request = {
    ...job,
    sentVariables: [...job.sentVariables, ...sentVariables],
    variables: new Map([...job.variables, ...sentVariables.map((each) => [each.key, each.value] as const)]),
  };
  const startedAt = performance.now();
  const found = overridableEnvironment(request, [{ name: 'PUBLIC', value, kind: 'public' }], 8192);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(found).toEqual({ variables: [{ name: 'PUBLIC', value }], withheld: [] });
});
