import { describe, expect, it } from 'vitest';
import { type ServiceVariable, serviceVariables } from '../src/job/plan/service-variables.ts';
import { overridableEnvironment } from '../src/job/request/overridable-environment.ts';
import { type JobSample, jobOf } from './support/job.ts';

const MOST = 1_000_000;
type Own = { key: string; value: string; raw?: boolean }[];

/** The variables of a service that declares some; as names and values, without those of every job here. */
function variablesOf(own: Own, sample: JobSample = {}) {
  const request = jobOf(sample);
  const all = serviceVariables(request, { name: 'postgres', variables: own }, MOST);
  const overridable = overridableEnvironment(request, all, 8192);
  return { all, overridable, values: Object.fromEntries(all.map(({ name, value }) => [name, value])) };
}

const OPEN = { key: 'OPEN', value: 'open', public: true };
const PROJECT_SETTING = { key: 'DB_PASSWORD', value: 'project-setting', public: false };
const PREDEFINED = { key: 'CI_COMMIT_SHA', value: 'abc', public: true };

describe('variables of a service', () => {
  it("are the job's public ones and its own, expanded against all of the job's", () => {
    const { values } = variablesOf(
      [
        { key: 'POSTGRES_PASSWORD', value: '$DB_PASSWORD' },
        { key: 'NAME', value: `\${OPEN}-$CI_COMMIT_SHA-$NOT_SET` },
        { key: 'EMPTY', value: '' },
      ],
      { variables: [OPEN, PROJECT_SETTING, PREDEFINED] },
    );
    expect(values).toEqual({
      OPEN: 'open',
      CI_COMMIT_SHA: 'abc',
      POSTGRES_PASSWORD: 'project-setting',
      NAME: 'open-abc-',
      EMPTY: '',
    });
  });

  it('may refer to each other, and come before those of the job', () => {
    const own = [
      { key: 'OPEN', value: 'own' },
      { key: 'A', value: '$OPEN and $B' },
      { key: 'B', value: '$OPEN' },
    ];
    expect(variablesOf(own, { variables: [OPEN] }).values).toEqual({
      OPEN: 'own',
      A: 'own and $OPEN',
      B: 'own',
    });
  });

  it.each([
    ['raw', { key: 'A', value: '$OPEN', raw: true }, '$OPEN'],
    ['a dollar', { key: 'A', value: '$$OPEN' }, '$OPEN'],
    ["the shell's own", { key: 'A', value: 'pa$1word$#$?' }, 'paword'],
    ['what is no reference', { key: 'A', value: '5 $ and $.' }, '5 $ and $.'],
  ])('are expanded as GitLab Runner does: %s', (_, own, value) => {
    expect(variablesOf([own], { variables: [OPEN] }).values.A).toBe(value);
  });

  it('of secrets: are there by reference only, as file where they are files', () => {
    const { values } = variablesOf(
      [
        { key: 'A', value: 'is $VAULTED' },
        { key: 'B', value: '$VAULTED_FILE' },
        { key: 'C', value: '$CI_PROJECT_DIR' },
      ],
      {
        variables: [{ key: 'CI_PROJECT_DIR', value: '/builds/a', public: true }],
        secrets: { VAULTED: { value: 'vault-value', file: false }, VAULTED_FILE: { value: 'vault-file' } },
      },
    );
    expect(values).toEqual({
      CI_PROJECT_DIR: '/builds/a',
      A: 'is vault-value',
      B: '/builds/a.tmp/VAULTED_FILE',
      C: '/builds/a',
    });
  });

  it("have a public variable's own value even if a secret of that name wins in the job", () => {
    const sample = {
      variables: [{ ...OPEN, key: 'A' }, OPEN, { ...OPEN, value: 'from the settings', public: false }],
      secrets: { A: { value: 'vault-value', file: false } },
    };
    expect(variablesOf([], sample).values).toEqual({ A: 'open', OPEN: 'open' });
  });

  it("include the runner's own, as files if they are files, and nothing else that GitLab did not send", () => {
    const request = jobOf();
    const variables = new Map([
      ['CI_RUNNER_VERSION', '19.3.0'],
      ['FF_TIMESTAMPS', 'false'],
      ['CI_JOB_SERVICES', '[{"password": "x"}]'],
      ['UNKNOWN', 'of nobody'],
      ['RUNNER_TEMP_PROJECT_DIR', '/tmp/x'],
      ['DATA', 'content'],
    ]);
    const sentVariables = [{ key: 'DATA', value: 'content', public: true, file: true }];
    const all = serviceVariables({ ...request, variables, sentVariables }, { name: 'a' }, MOST);
    expect(all.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'CI_RUNNER_VERSION=19.3.0',
      'FF_TIMESTAMPS=false',
      'RUNNER_TEMP_PROJECT_DIR=/tmp/x',
      'DATA=/tmp/x/DATA',
    ]);
  });
});

describe('the variables that AWS may show', () => {
  it('are public, not predefined, and neither refer to a secret nor contain one', () => {
    const { overridable } = variablesOf(
      [
        { key: 'SHORT', value: '$PIN' },
        { key: 'URL', value: 'https://x:$VAULTED@host' },
        { key: 'NAME', value: '$OPEN' },
        { key: 'COPY', value: 'a project-setting that somebody wrote down' },
      ],
      {
        variables: [
          ...[OPEN, PREDEFINED, PROJECT_SETTING, { key: 'PIN', value: '1', public: false }],
          { key: 'OF_PIN', value: 'is $PIN', public: true },
        ],
        secrets: { VAULTED: { value: 'v', file: false } },
      },
    );
    expect(overridable).toEqual({
      variables: [
        { name: 'OPEN', value: 'open' },
        { name: 'NAME', value: 'open' },
      ],
      withheld: ['OF_PIN', 'SHORT', 'URL', 'COPY'],
    });
  });

  it.each(['vault-value', 'project-setting', 'masked-value'])('never contain %s', (secret) => {
    const sample = {
      variables: [PROJECT_SETTING, { key: 'M', value: 'masked-value', public: true, masked: true }],
      secrets: { VAULTED: { value: 'vault-value', file: false } },
    };
    const own = ['$VAULTED', '$DB_PASSWORD', '$M', 'x vault-value', 'x project-setting', 'x masked-value'];
    const { overridable } = variablesOf(
      own.map((value, index) => ({ key: `A${index}`, value })),
      sample,
    );
    expect(JSON.stringify(overridable)).not.toContain(secret);
    expect(overridable).toMatchObject({
      withheld: expect.arrayContaining(['A0', 'A1', 'A2', 'A3', 'A4', 'A5']),
    });
  });

  it("are none if they exceed AWS's limit", () => {
    const variables: ServiceVariable[] = [{ name: 'A', value: 'x'.repeat(8192), kind: 'public' }];
    expect(overridableEnvironment(jobOf(), variables, 8192)).toBe('too-large');
  });
});

describe('a small job whose variables grow by references', () => {
  it('is refused as soon as the limit is exceeded, however many would follow', () => {
    const variables = Array.from({ length: 6000 }, (_, index) => ({ key: `A${index}`, value: 'x$B' }));
    const request = jobOf({ variables: [{ key: 'B', value: 'b'.repeat(120_000), public: false }] });
    let reads = 0;
    class CountedMap extends Map<string, string> {
      override get(name: string) {
        if (name === 'B') reads += 1;
        return super.get(name);
      }
    }
    const counted = { ...request, variables: new CountedMap(request.variables) };
    expect(() => serviceVariables(counted, { name: 'postgres', variables }, MOST)).toThrow(
      'The variables of the service "postgres" have more than 1000000 characters',
    );
    // Nine of them are within the limit.
    expect(reads).toBeGreaterThanOrEqual(9);
    expect(reads).toBeLessThan(20);
  });
});
