import { createContext, runInContext } from 'node:vm';
import { normalizedPath, registryPath, tagOf } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { createJobLog } from '../src/job/job-log.ts';
import { parseImageReference } from '../src/job/plan/image-reference.ts';
import { isReference } from '../src/job/plan/plan-image.ts';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { mirroredImage } from '../src/job/plan/plan-mirrors.ts';
import { expandVariables } from '../src/job/request/expand-variables.ts';
import { parseCpu, parseMemory, parseStorage } from '../src/parse-quantity.ts';
import { parseChallenge } from '../src/registry/bearer-challenge.ts';
import { startThrough } from '../src/task/entry-point.ts';
import { explainStop } from '../src/task/explain-stop.ts';
import { fleetOf } from './support/fleet.ts';
import { type JobSample, jobWith } from './support/job.ts';

const MEGABYTE = 1_048_576;
const PARTS = [
  '@',
  ':',
  '/',
  'a',
  '.',
  '-',
  '_',
  ' ',
  '${',
  '$A',
  '\\',
  '"',
  'a=',
  'aZ',
  '-dind',
  ':1',
  '\n',
];
/** Each a megabyte of one part, and the same with another end: a search that finds none starts again at every part. */
const LONG = PARTS.flatMap((part) => {
  const text = part.repeat(MEGABYTE / part.length);
  return [text, `${text}\n`, `${text}!`];
});

/** Everything that applies a pattern to a text of others, on its own: without the bounds that stand before it. */
const FUNCTIONS: readonly [string, (text: string) => unknown][] = [
  ['tagOf', tagOf],
  ['registryPath', registryPath],
  ['normalizedPath', normalizedPath],
  ['mirroredImage', (text) => mirroredImage(text, { 'docker.io': 'mirror.example.com' })],
  ['isReference', isReference],
  ['parseImageReference', parseImageReference],
  ['parseCpu', parseCpu],
  ['parseMemory', parseMemory],
  ['parseStorage', parseStorage],
  ['startThrough', (text) => startThrough([text], ['/agent'])],
  ['parseChallenge', (text) => parseChallenge(`Bearer ${text}`)],
  ['expandVariables', (text) => expandVariables(text, new Map([['A', '']]), MEGABYTE)],
  ['createJobLog', (text) => createJobLog(() => {}).info(text)],
  [
    'explainStop',
    (text) => explainStop({ stoppedReason: text, containers: [{ name: 'build', reason: text }] }),
  ],
];

/** Each place where a job may put a text, with that text. */
const PLACES: readonly [
  string,
  (text: string) => { sample?: JobSample; variables?: Record<string, string> },
][] = [
  ['image', (name) => ({ sample: { image: { name } } })],
  ['image, by a variable', (A) => ({ sample: { image: { name: '$A' } }, variables: { A } })],
  ['service', (name) => ({ sample: { services: [{ name }] } })],
  ['service, by a variable', (A) => ({ sample: { services: [{ name: '$A' }] }, variables: { A } })],
  ['alias', (alias) => ({ sample: { services: [{ name: 'a', alias }] } })],
  ['alias, by a variable', (A) => ({ sample: { services: [{ name: 'a', alias: '$A' }] }, variables: { A } })],
  ['entry point', (text) => ({ sample: { image: { name: 'a', entrypoint: [text] } } })],
  ['command', (text) => ({ sample: { services: [{ name: 'a', command: [text] }] } })],
  ['user', (user) => ({ sample: { image: { name: 'a', executor_opts: { docker: { user } } } } })],
  [
    'user, by a variable',
    (A) => ({
      sample: { image: { name: 'a', executor_opts: { docker: { user: 'x$A' } } } },
      variables: { A },
    }),
  ],
  ['platform', (platform) => ({ sample: { image: { name: 'a', executor_opts: { docker: { platform } } } } })],
  [
    'port of a service',
    (value) => ({
      sample: { services: [{ name: 'a', variables: [{ key: 'HEALTHCHECK_TCP_PORT', value }] }] },
    }),
  ],
  ...[
    ...[
      'FARGATE_CPU',
      'FARGATE_MEMORY',
      'FARGATE_EPHEMERAL_STORAGE',
      'FARGATE_ARCHITECTURE',
      'FARGATE_CAPACITY',
    ],
    ...[
      'KUBERNETES_CPU_LIMIT',
      'KUBERNETES_CPU_REQUEST',
      'KUBERNETES_MEMORY_LIMIT',
      'KUBERNETES_MEMORY_REQUEST',
    ],
    ...[
      'FF_KUBERNETES_HONOR_ENTRYPOINT',
      'DOCKER_AUTH_CONFIG',
      'DOCKER_HOST',
      'HEALTHCHECK_TCP_PORT',
      'CACHE_FALLBACK_KEY',
    ],
  ].map((name): [string, (text: string) => { variables: Record<string, string> }] => [
    name,
    (text) => ({ variables: { [name]: text } }),
  ]),
];

/** Ends work that takes for ever, which no timeout of a test could: a pattern lets nothing else run. */
function endsInTime(work: () => void): void {
  runInContext('work()', createContext({ work }), { timeout: 20_000 });
}

describe('1 MiB', () => {
  // What is linear takes some milliseconds; what grows with the square, half an hour.
  it.each(FUNCTIONS)('of any text takes %s little time', (_, apply) => {
    for (const text of LONG) {
      try {
        endsInTime(() => void apply(text));
      } catch (error) {
        expect(error).toBeInstanceOf(JobRefusedError);
      }
    }
  });

  it.each(PLACES)('as %s is refused in one short line', (_, write) => {
    for (const text of LONG.filter((each) => !each.includes('$'))) {
      const { sample, variables = {} } = write(text);
      const request = jobWith(variables, sample);
      endsInTime(() => {
        const planned = planJobTask(request, fleetOf());
        if (planned.kind === 'planned') throw new Error(`planned with ${text.slice(0, 9)}`);
        expect(planned.lines).toHaveLength(1);
        expect(planned.lines.join().length).toBeLessThan(400);
      });
    }
  });
});

describe('many', () => {
  const refusalOf = (sample: JobSample) => {
    const planned = planJobTask(jobWith({}, sample), fleetOf());
    return planned.kind === 'refused' ? planned.lines : [];
  };

  it.each<[string, JobSample, string]>([
    [
      'services',
      { services: Array.from({ length: 9 }, () => ({ name: '@'.repeat(9999) })) },
      'has 9 services',
    ],
    [
      'arguments',
      { services: [{ name: 'a', command: Array(1001).fill('') }] },
      '1001 arguments with 0 characters',
    ],
  ])('%s are refused', (_, sample, words) => {
    expect(refusalOf(sample)).toEqual([expect.stringContaining(words)]);
  });

  it('services may be eight', () => {
    expect(refusalOf({ services: Array.from({ length: 8 }, (_, index) => ({ name: `s${index}` })) })).toEqual(
      [],
    );
  });
});
