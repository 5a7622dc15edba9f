import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { createBuildContext } from '../src/job/build-context.ts';
import { resolveFeatureFlags } from '../src/job/feature-flags.ts';
import { jobSchema } from '../src/job/payload.ts';
import { readSettings } from '../src/job/settings.ts';
import { contentOf, expandAll, expandValue, internalVariable, lookup } from '../src/job/variables.ts';
import { jobPayload } from './support/job.ts';

const file = (key: string, value: string) => ({ ...internalVariable(key, value), file: true });

describe('expandValue', () => {
  const variables = [
    internalVariable('A', 'one'),
    internalVariable('A', 'last'),
    internalVariable('B', '$A'),
    internalVariable('RUNNER_TEMP_PROJECT_DIR', '/builds/p.tmp'),
    file('CERT', 'content'),
  ];
  it.each([
    ['a name', 'x-$A-y', 'x-last-y'],
    ['a name in braces', `x\${A}y`, 'xlasty'],
    ['the longest name', '$AB', ''],
    ['an unknown name', '[$NONE]', '[]'],
    ['two dollar signs', 'costs $$5', 'costs $5'],
    ['special parameters', '[$1$?$@]', '[]'],
    ['a file variable by its path', '$CERT', '/builds/p.tmp/CERT'],
    ['references in values not again', '$B', '$A'],
    ['a single dollar sign not at all', 'a $ b', 'a $ b'],
  ])('replaces %s', (_, text, expected) => {
    expect(expandValue(text, variables)).toBe(expected);
  });

  it('does not expand raw variables', () => {
    const raw = { ...internalVariable('R', '$A'), raw: true };
    expect(lookup(expandAll([...variables, raw]), 'R')).toBe('$A');
  });
});

describe('createBuildContext', () => {
  const [runner] = parseConfig(`
    concurrent = 1
    [[runners]]
    name = "r"
    url = "http://gitlab.invalid"
    token = "glrt-abcdefghijkl"
    environment = ["FROM_CONFIG=config", "OVERRIDDEN=config"]
    [runners.feature_flags]
    FF_POSIXLY_CORRECT_ESCAPES = true
  `).runners;
  const identity = (extra: Record<string, unknown>) => {
    if (runner === undefined) throw new Error('no runner');
    return {
      job: jobSchema.parse(jobPayload(1, [], extra)),
      runner,
      concurrentId: 2,
      concurrentProjectId: 1,
    };
  };

  it.each([
    ['CI_RUNNER_SHORT_TOKEN', 'abcdefghi'],
    ['CI_CONCURRENT_ID', '2'],
    ['CI_CONCURRENT_PROJECT_ID', '1'],
    ['CI_SERVER', 'yes'],
    ['CI_SHARED_ENVIRONMENT', 'true'],
    ['CI_JOB_TIMEOUT', '3600'],
    ['CI_BUILDS_DIR', '/builds'],
    ['CI_PROJECT_DIR', '/builds/g/p'],
    ['RUNNER_TEMP_PROJECT_DIR', '/builds/g/p.tmp'],
    ['FROM_CONFIG', 'config'],
    ['OVERRIDDEN', 'job'],
    ['CI_JOB_IMAGE', 'node:20'],
    ['FF_POSIXLY_CORRECT_ESCAPES', 'true'],
    ['FF_SCRIPT_SECTIONS', 'true'],
    ['FF_USE_FASTZIP', 'true'],
  ])('sets %s to %s', (key, value) => {
    const context = createBuildContext(
      identity({
        image: { name: 'node:$VERSION' },
        variables: [
          { key: 'OVERRIDDEN', value: 'job' },
          { key: 'VERSION', value: '20' },
          { key: 'FF_SCRIPT_SECTIONS', value: '1' },
          { key: 'FF_POSIXLY_CORRECT_ESCAPES', value: 'false' },
        ],
      }),
      { directories: { root: '/builds', build: '/builds/g/p', cache: '/cache/g/p' } },
    );
    expect(contentOf(context.variables, key)).toBe(value);
  });

  it('has no directories before the config hook has run', () => {
    const { variables } = createBuildContext(identity({}));
    expect(contentOf(variables, 'CI_PROJECT_DIR')).toBe('');
  });
});

describe('resolveFeatureFlags', () => {
  it.each([
    ['the default', {}, [], false],
    ['a variable over the default', {}, [internalVariable('FF_TIMESTAMPS', 'true')], true],
    [
      'the configuration file over a variable',
      { FF_TIMESTAMPS: false },
      [internalVariable('FF_TIMESTAMPS', 'true')],
      false,
    ],
    ['the default over an invalid value', {}, [internalVariable('FF_TIMESTAMPS', 'maybe')], false],
  ])('selects %s', (_, configured, variables, expected) => {
    expect(resolveFeatureFlags(configured, variables).get('FF_TIMESTAMPS')).toBe(expected);
  });
});

describe('readSettings', () => {
  const read = (values: Record<string, string>) =>
    readSettings(
      Object.entries(values).map(([key, value]) => internalVariable(key, value)),
      { allowFetch: true, depth: 20 },
    );

  it.each([
    ['GIT_STRATEGY', 'clone', { gitStrategy: 'clone' }],
    ['GIT_STRATEGY', '', { gitStrategy: 'fetch' }],
    ['GIT_CHECKOUT', 'false', { gitCheckout: false }],
    ['GIT_CLEAN_FLAGS', 'none', { gitCleanFlags: [] }],
    ['GIT_CLEAN_FLAGS', '-ffd -x', { gitCleanFlags: ['-ffd', '-x'] }],
    ['GIT_SUBMODULE_STRATEGY', 'recursive', { submoduleStrategy: 'recursive' }],
    ['GET_SOURCES_ATTEMPTS', '3', { getSourcesAttempts: 3 }],
    ['GET_SOURCES_ATTEMPTS', '99', { getSourcesAttempts: 10 }],
    ['AFTER_SCRIPT_IGNORE_ERRORS', 'false', { afterScriptErrorsIgnored: false }],
  ])('reads %s=%s', (name, value, expected) => {
    expect(read({ [name]: value })).toMatchObject({ ...expected, warnings: [] });
  });

  it.each([
    ['GIT_STRATEGY', 'rsync', { gitStrategy: 'fetch' }],
    ['GIT_CHECKOUT', 'nope', { gitCheckout: true }],
    ['GIT_SUBMODULE_DEPTH', 'deep', { submoduleDepth: 20 }],
  ])('keeps the default for %s=%s and warns', (name, value, expected) => {
    const settings = read({ [name]: value });
    expect(settings).toMatchObject(expected);
    expect(settings.warnings).toEqual([expect.stringContaining(name)]);
  });
});
