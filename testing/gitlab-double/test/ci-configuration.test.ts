import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../src/index.ts';

const read = (files: Record<string, string>) => readConfiguration((path) => files[path] ?? '');
const readOne = (text: string) => read({ '.gitlab-ci.yml': text }).jobs[0];

describe('a .gitlab-ci.yml', () => {
  it('gives each job the defaults that it does not override', () => {
    const { jobs } = read({
      '.gitlab-ci.yml': `
default: { image: one, before_script: [setup] }
a: { script: make }
b: { script: [make], image: { name: two, entrypoint: [""], docker: { user: me } }, before_script: [] }
`,
    });
    expect(jobs[0]).toMatchObject({
      name: 'a',
      image: { name: 'one' },
      beforeScript: ['setup'],
      script: ['make'],
    });
    expect(jobs[1]).toMatchObject({
      image: { name: 'two', entrypoint: [''], executorOptions: { docker: { user: 'me' } } },
      beforeScript: [],
    });
  });

  it('merges extends key by key: later parents override earlier ones, the job overrides all', () => {
    const text = `
.a: { variables: { A: a, B: a, C: a }, script: [a] }
.b: { variables: { B: b, C: b } }
job: { extends: [.a, .b], variables: { C: job } }
`;
    expect(readOne(text)).toMatchObject({
      script: ['a'],
      variables: { A: { value: 'a' }, B: { value: 'b' }, C: { value: 'job' } },
    });
  });

  it('inserts the target of !reference into the list, also from included files', () => {
    const files = {
      '.gitlab-ci.yml':
        'include: { local: /ci/more.yml }\njob: { script: [!reference [.more, script], own] }\n',
      'ci/more.yml': '.more: { script: [one, !reference [.most, script]] }\n.most: { script: [two] }\n',
    };
    expect(read(files).jobs[0]?.script).toEqual(['one', 'two', 'own']);
  });

  it('inherits only the global variables listed in inherit', () => {
    const text = 'variables: { A: 1, B: true }\njob: { script: x, inherit: { variables: [B] } }\n';
    expect(readOne(text)?.variables).toEqual({ B: { value: 'true' } });
  });

  it.each([
    ['10 seconds', 10],
    ['1h 30m', 5400],
    ['3 hours and 4 minutes', 11_040],
  ])('parses a timeout of %s', (timeout, seconds) => {
    expect(readOne(`job: { script: x, timeout: ${timeout} }\n`)?.timeout).toBe(seconds);
  });

  it('downloads artifacts of needed jobs unless disabled, and ignores missing optional jobs', () => {
    const { jobs } = read({
      '.gitlab-ci.yml': `
a: { script: x }
b: { script: x }
c: { script: x, needs: [a, { job: b, artifacts: false }, { job: ghost, optional: true }] }
`,
    });
    expect(jobs[2]).toMatchObject({ needs: ['a', 'b'], dependencies: ['a'] });
  });

  it('expands parallel into several jobs, all of which a dependent job needs', () => {
    const { jobs } = read({
      '.gitlab-ci.yml': `
a: { script: x, parallel: { matrix: [{ OS: [x, y], MODE: fast }] } }
b: { script: x, parallel: 2 }
c: { script: x, needs: [a, b] }
`,
    });
    const expanded = ['a: [x, fast]', 'a: [y, fast]', 'b 1/2', 'b 2/2'];
    expect(jobs.map(({ name }) => name)).toEqual([...expanded, 'c']);
    expect(jobs[4]?.needs).toEqual(expanded);
    expect(jobs[3]?.variables).toMatchObject({ CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' });
  });

  it.each([
    ['a keyword that the double does not know', 'job: { script: x, trigger: other }', /trigger/],
    ['an unknown parent', 'job: { script: x, extends: .ghost }', /unknown key in `extends`/],
    [
      'circular parents',
      '.a: { extends: .b }\n.b: { extends: .a }\njob: { script: x, extends: .a }',
      /circular/,
    ],
    ['an unknown reference', 'job: { script: [!reference [.ghost, script]] }', /could not be found/],
    ['circular references', '.a: { script: [!reference [.a, script]] }\njob: { script: x }', /too deep/],
    ['invalid YAML', 'job: { script: [x', /./],
    ['a list', '- job', /not a mapping/],
    ['an invalid timeout', 'job: { script: x, timeout: soon }', /duration/],
  ])('rejects %s', (_, text, message) => {
    expect(() => readOne(text)).toThrow(message);
  });
});
