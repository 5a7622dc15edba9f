import { Cleanup } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConformanceEnvironment } from '../../src/suites/conformance/conformance-environment.ts';
import { buildConformanceImages } from '../../src/suites/conformance/images.ts';
import { choose, runChoices } from '../../src/suites/conformance/run-conformance.ts';
import type { CaseResult } from '../../src/suites/conformance/run-suite.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
const choices = choose(({ quick }) => quick === true);
const cases = choices.flatMap((choice) => choice.cases);

let results: CaseResult[] = [];
let refusals: unknown[] = [];

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: true });
  await buildConformanceImages(log);
  const { signal } = new AbortController();
  const suiteFleets = choices.flatMap(({ suite }) => suite.fleet ?? []);
  const environment = await startConformanceEnvironment({ log, cleanup, machine, signal, suiteFleets });
  const outcomes = await runChoices(environment, choices, log);
  results = outcomes.flatMap((outcome) => outcome.results);
  refusals = environment.gitlab.protocolErrors;
}, 14 * 60_000);

afterAll(() => cleanup.run(), 60_000);

describe('a selection of the conformance cases ("npm run conformance" runs all of them)', () => {
  it.each(cases.map((each) => [each.keyword, each.name] as const))('%s: %s', (keyword, name) => {
    const result = results.find((each) => each.keyword === keyword && each.case === name);
    expect(result, result?.why).toMatchObject({ status: 'pass' });
  });

  it('makes no request that GitLab refuses', () => {
    expect(refusals).toEqual([]);
  });
});
