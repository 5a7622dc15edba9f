import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../src/ci-configuration/rules/evaluate-expression.ts';
import { readConfiguration } from '../src/index.ts';

describe('a condition of rules', () => {
  const variables = { A: 'a', EMPTY: '', BRANCH: 'release/17.9', PATTERN: '/^release/', ONE: '1' };

  it.each([
    ['$A', true],
    ['$EMPTY', false],
    ['$UNSET', false],
    ['$UNSET == null', true],
    ['$EMPTY == null', false],
    ['$EMPTY == ""', true],
    ['$A == "a"', true],
    ["$A == 'b'", false],
    ['$A != "b"', true],
    ['$' + '{A} == $A', true],
    ['$BRANCH =~ /^release\\/\\d+/', true],
    ['$BRANCH =~ /RELEASE/', false],
    ['$BRANCH =~ /RELEASE/i', true],
    ['$BRANCH =~ $PATTERN', true],
    ['$BRANCH !~ /^feature/', true],
    ['$UNSET =~ /./', false],
    ['$A && $UNSET', false],
    ['$A || $UNSET', true],
    ['$A || $A && $UNSET', true],
    ['($A || $A) && $UNSET', false],
    ['$UNSET || $A == "a" && $ONE == "1"', true],
    ['  $A\n  && $ONE ', true],
  ])('%s is %s', (text, expected) => expect(evaluateExpression(text, variables)).toBe(expected));

  it.each(['', '$A ==', '$A = "a"', '($A', '$A)', '$A $ONE', '== "a"', '$A && (', 'A', '$A == "a'])(
    'refuses %j',
    (text) => expect(() => evaluateExpression(text, variables)).toThrow('invalid expression syntax'),
  );
});

describe('rules', () => {
  const jobsOf = (text: string, variables?: Record<string, string>) =>
    readConfiguration(() => text, undefined, variables).jobs;
  const push = { CI_COMMIT_BRANCH: 'main', CI_DEFAULT_BRANCH: 'main' };

  it('the first that matches decides whether a job is there, and when it runs', () => {
    const text = `
job:
  script: x
  when: on_failure
  rules:
    - { if: $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH, when: never }
    - { if: $KEY, when: manual, allow_failure: true, variables: { MODE: keyed } }
    - if: $CI_COMMIT_BRANCH
`;
    expect(jobsOf(text, { ...push, CI_COMMIT_BRANCH: 'other' })).toEqual([]);
    expect(jobsOf(text, {})).toEqual([]);
    expect(jobsOf(text, push)).toMatchObject([{ when: 'on_failure' }]);
    expect(jobsOf(text, { ...push, KEY: '1' })).toMatchObject([
      { when: 'manual', allowFailure: true, variables: { MODE: { value: 'keyed' } } },
    ]);
  });

  it('see the variables of the file and of the job, and lists from references', () => {
    const text = `
variables: { GLOBAL: g }
.rules: { rules: [{ if: $GLOBAL == "g" && $OWN == "o" }] }
job: { script: x, variables: { OWN: o }, rules: [!reference [.rules, rules]] }
other: { script: x, rules: [!reference [.rules, rules]] }
`;
    expect(jobsOf(text).map(({ name }) => name)).toEqual(['job']);
  });

  it('of the workflow decide about the whole pipeline', () => {
    const text = 'workflow: { rules: [{ if: $CI_PIPELINE_SOURCE == "schedule" }] }\njob: { script: x }\n';
    expect(jobsOf(text, { CI_PIPELINE_SOURCE: 'schedule' })).toHaveLength(1);
    expect(() => jobsOf(text)).toThrow('Pipeline filtered out by workflow rules.');
  });

  it.each([
    ['a manual job that would block', 'job: { script: x, rules: [{ when: manual }] }', 'block the pipeline'],
    ['changes', 'job: { script: x, rules: [{ changes: [a] }] }', 'changes'],
  ])('%s: refused, since the double cannot do it', (_title, text, message) => {
    expect(() => jobsOf(text)).toThrow(message);
  });
});

describe('environment and resource_group', () => {
  it('are read, the group with the variables of a matrix', () => {
    const text = `
job:
  script: x
  environment: { name: production, url: https://example.com }
  resource_group: deploy-$SERVICE
  parallel: { matrix: [{ SERVICE: [a, b] }] }
`;
    const jobs = readConfiguration(() => text).jobs;
    expect(jobs.map(({ resourceGroup }) => resourceGroup)).toEqual(['deploy-a', 'deploy-b']);
    expect(jobs[0]?.environment).toEqual({ name: 'production', url: 'https://example.com' });
  });
});
