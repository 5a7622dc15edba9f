import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { parseHookEnvironment } from '../src/job/request/job-request.ts';
import { refuseVariableNames } from '../src/job/request/refuse-variable-names.ts';
import { fleetOf } from './support/fleet.ts';
import { jobOf, jobWith } from './support/job.ts';

const PROTECTED = 'deps-protected/. ';
const HIDING = 'CACHE_FALLBACK_KEY=harmless';

describe('a variable with "=" in its name', () => {
  it('hides from the hooks the value that gitlab-runner uses', () => {
    const body = execFileSync('sh', ['-c', 'env -0'], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        CUSTOM_ENV_CACHE_FALLBACK_KEY: PROTECTED,
        [`CUSTOM_ENV_${HIDING}`]: 'x',
      },
    });
    expect(parseHookEnvironment(body).get('CUSTOM_ENV_CACHE_FALLBACK_KEY')).toBe('harmless=x');
  });

  it('is refused, so that it cannot hide a cache key', () => {
    const sent = [
      { key: 'CACHE_FALLBACK_KEY', value: PROTECTED, public: true },
      { key: HIDING, value: 'x', public: true },
    ];
    const request = { ...jobWith({ CACHE_FALLBACK_KEY: 'harmless=x' }), sentVariables: sent };
    expect(planJobTask(request, fleetOf())).toEqual({
      kind: 'refused',
      lines: [expect.stringContaining(`The variable "${HIDING}" has a "=" in its name`)],
    });
  });

  it('is refused as the name of a secret, too', () => {
    const request = { ...jobOf(), secretFiles: new Map([[HIDING, false]]) };
    expect(() => refuseVariableNames(request)).toThrow(HIDING);
  });

  it('is quoted partially if it is long', () => {
    const sentVariables = [{ key: `A=${'x'.repeat(5000)}` }];
    expect(() => refuseVariableNames({ ...jobOf(), sentVariables })).toThrow('(5002 characters)');
  });
});

describe('a secret whose name is not a valid shell variable', () => {
  const job = (name: string, isFile: boolean) => ({ ...jobOf(), secretFiles: new Map([[name, isFile]]) });

  it('is dropped by the hooks, so that the manager does not know its value', () => {
    const body = execFileSync('sh', ['-c', 'env -0'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, 'CUSTOM_ENV_db-password': 'planted', CUSTOM_ENV_OTHER: 'x' },
    });
    expect([...parseHookEnvironment(body).keys()]).toContain('CUSTOM_ENV_OTHER');
    expect(body).not.toContain('planted');
  });

  it.each(['db-password', 'db.password', '1ST', 'über', ''])('%j is refused', (name) => {
    expect(() => refuseVariableNames(job(name, false))).toThrow(`The secret "${name}" has a name`);
  });

  it.each([
    ['db-password', true],
    ['DB_PASSWORD1', false],
    ['_x', false],
  ])('%j, a file: %j, is accepted', (name, isFile) => {
    expect(() => refuseVariableNames(job(name, isFile))).not.toThrow();
  });
});

describe('any other name', () => {
  it.each(['KEY', 'my-key', 'my.key', '$', ''])('%j is accepted', (key) => {
    expect(() => refuseVariableNames({ ...jobOf(), sentVariables: [{ key, value: 'a=b' }] })).not.toThrow();
  });
});
