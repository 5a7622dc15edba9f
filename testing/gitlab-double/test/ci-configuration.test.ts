import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../src/index.ts';

const read = (files: Record<string, string>) => readConfiguration((path) => files[path] ?? '');
const readOne = (text: string) => read({ '.gitlab-ci.yml': text }).jobs[0];

describe('a .gitlab-ci.yml', () => {
  it('gives each job the defaults that it does not say itself', () => {
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

  it('merges extends key by key, the later parent and the job itself last', () => {
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

  it('puts what !reference names into the list, from included files too', () => {
    const files = {
      '.gitlab-ci.yml':
        'include: { local: /ci/more.yml }\njob: { script: [!reference [.more, script], own] }\n',
      'ci/more.yml': '.more: { script: [one, !reference [.most, script]] }\n.most: { script: [two] }\n',
    };
    expect(read(files).jobs[0]?.script).toEqual(['one', 'two', 'own']);
  });

  it('hands on global variables as inherit says', () => {
    const text = 'variables: { A: 1, B: true }\njob: { script: x, inherit: { variables: [B] } }\n';
    expect(readOne(text)?.variables).toEqual({ B: { value: 'true' } });
  });

  it.each([
    ['10 seconds', 10],
    ['1h 30m', 5400],
    ['3 hours and 4 minutes', 11_040],
  ])('reads a timeout of %s', (timeout, seconds) => {
    expect(readOne(`job: { script: x, timeout: ${timeout} }\n`)?.timeout).toBe(seconds);
  });

  it('takes artifacts from what is needed, unless it says otherwise, and forgets optional jobs that are not there', () => {
    const { jobs } = read({
      '.gitlab-ci.yml': `
a: { script: x }
b: { script: x }
c: { script: x, needs: [a, { job: b, artifacts: false }, { job: ghost, optional: true }] }
`,
    });
    expect(jobs[2]).toMatchObject({ needs: ['a', 'b'], dependencies: ['a'] });
  });

  it('makes as many jobs as parallel says, and who needs them needs them all', () => {
    const { jobs } = read({
      '.gitlab-ci.yml': `
a: { script: x, parallel: { matrix: [{ OS: [x, y], MODE: fast }] } }
b: { script: x, parallel: 2 }
c: { script: x, needs: [a, b] }
`,
    });
    const parts = ['a: [x, fast]', 'a: [y, fast]', 'b 1/2', 'b 2/2'];
    expect(jobs.map(({ name }) => name)).toEqual([...parts, 'c']);
    expect(jobs[4]?.needs).toEqual(parts);
    expect(jobs[3]?.variables).toMatchObject({ CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' });
  });

  it.each([
    ['a keyword that the double does not know', 'job: { script: x, trigger: other }', /trigger/],
    ['a parent that is not there', 'job: { script: x, extends: .ghost }', /unknown key in `extends`/],
    [
      'parents in a circle',
      '.a: { extends: .b }\n.b: { extends: .a }\njob: { script: x, extends: .a }',
      /circular/,
    ],
    ['a reference to nothing', 'job: { script: [!reference [.ghost, script]] }', /could not be found/],
    ['references in a circle', '.a: { script: [!reference [.a, script]] }\njob: { script: x }', /too deep/],
    ['no YAML', 'job: { script: [x', /./],
    ['a list', '- job', /no mapping/],
    ['a timeout that is none', 'job: { script: x, timeout: soon }', /duration/],
  ])('refuses %s', (_, text, message) => {
    expect(() => readOne(text)).toThrow(message);
  });
});
