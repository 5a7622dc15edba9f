import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import { awsShowsNothingOf } from '../aws-shows-nothing.ts';
import type { Suite } from '../conformance-case.ts';
import { failsFor, isRefused, lastsAtMost, says, succeedsWith } from '../expectations.ts';
import { conformanceImage } from '../images.ts';
import { LONG_SECRET, MANY_VARIABLES } from '../many-variables.ts';

const DB_PASSWORD = 'planted-database-password-4f';

export const SERVICES: Suite = {
  repository: 'services',
  project: {
    variables: {
      DB_PASSWORD: { value: DB_PASSWORD, masked: true },
      LONG_SECRET: { value: LONG_SECRET, masked: true },
    },
  },
  generatedFiles: MANY_VARIABLES,
  registryImages: {
    '/postgres:1': conformanceImage('postgres'),
    '/redis:1': conformanceImage('redis'),
    '/busybox:1': DEMO_IMAGES.busybox,
  },
  cases: [
    {
      keyword: 'services',
      name: "a real PostgreSQL, configured by the job's variables, is ready when the script starts",
      jobs: { postgres: succeedsWith('sum 42') },
    },
    {
      keyword: 'services',
      name: 'a real Redis is reached by its alias',
      quick: true,
      jobs: { redis: succeedsWith('redis says hello') },
    },
    {
      keyword: 'services',
      name: 'two services, one of them with several aliases',
      jobs: { both: succeedsWith('postgres by its second name', 'redis +PONG') },
    },
    {
      keyword: 'services',
      name: "the names that GitLab derives from the image's name: slashes become __ and -",
      jobs: { 'names-of-image': succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: "the service's variables take precedence over the job's",
      jobs: { 'own-variables': succeedsWith('database other') },
    },
    {
      keyword: 'services',
      name: "a secret of the project's settings is passed if a variable of the service refers to it",
      quick: true,
      jobs: {
        'secret-by-reference': [
          ...succeedsWith('opened by 28 characters'),
          says(/Read the entry points of services from \S+/),
        ],
      },
    },
    {
      keyword: 'services',
      name: "the image's own entry point runs with the job's command",
      jobs: { 'command-of-registry': succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'each of eight services gets 200 variables of 1 KB, two of them secrets',
      quick: true,
      jobs: {
        'many-variables': [
          ...succeedsWith(
            'variables: 200',
            ...[0, 1, 2, 3, 4, 5, 6, 7].map((each) => `service ${each} has all`),
          ),
        ],
      },
    },
    {
      keyword: 'services',
      name: 'multi-line and empty values, quotes, dots in names and unexpanded values are passed unchanged',
      jobs: { 'exact-values': succeedsWith('as written: same') },
    },
    {
      keyword: 'services',
      name: 'a service whose program is unknown: the log says which variables it does not get, why, and what to do',
      jobs: {
        'unknown-program': [
          ...succeedsWith('the job ran all the same'),
          says(
            /The entry point and command of the service \S+\/team\/app:1\.0 are unknown: this fleet does not read image configurations from/,
          ),
          says('and without PASSWORD, which contain a value that is not public'),
          says('set its `entrypoint:` and `command:`, or have its registry added'),
        ],
      },
    },
    {
      keyword: 'services',
      name: 'AWS shows none of the values that services get',
      during: awsShowsNothingOf(
        [DB_PASSWORD, LONG_SECRET, '\'it\\"s', 'a second line'],
        '/.job-service/run-service',
      ),
      jobs: { 'secret-by-reference': [], 'many-variables': [], 'exact-values': [], 'unknown-program': [] },
    },
    {
      keyword: 'services',
      name: 'a service never blocks on its output, and the log has its last lines',
      jobs: {
        'talks-much': [...succeedsWith('the job ran all the same'), says('  the end of much')],
      },
    },
    {
      keyword: 'services',
      name: 'its own command, on another port (HEALTHCHECK_TCP_PORT)',
      jobs: { command: succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'its own entrypoint',
      jobs: { entrypoint: succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'services are found by name in a busybox image, and by a non-root user',
      jobs: { 'from-busybox': succeedsWith('+PONG'), 'from-non-root': succeedsWith('redis +PONG') },
    },
    {
      keyword: 'services',
      name: 'services are found by name in an image with musl, as in Alpine',
      jobs: {
        'from-musl': succeedsWith(
          'cache is 127.0.0.1',
          'serverless-gitlab-runner-conformance-redis is 127.0.0.1',
          'connected',
        ),
      },
    },
    {
      keyword: 'services',
      name: "a service has the project in /builds, and reaches the job's container as `build`",
      jobs: { 'sees-project': succeedsWith('written by the job', 'by the name build written by the job') },
    },
    {
      keyword: 'services',
      name: 'the job waits for a service that needs 8 seconds to start (HEALTHCHECK_TCP_PORT)',
      jobs: { 'slow-service': succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'a service that ends early: the job runs, and the log has the last lines of the service',
      jobs: {
        'dying-service': [
          ...succeedsWith('the job ran all the same'),
          says('the service has no configuration'),
        ],
      },
    },
    {
      keyword: 'services',
      name: "a service's image that does not exist: script_failure within seconds",
      jobs: {
        'missing-service': [failsFor('script_failure'), says('The image does not exist'), lastsAtMost(60)],
      },
    },
    {
      keyword: 'services',
      name: 'two services on one port: the log explains the conflict',
      jobs: { 'same-port': [says(/port 6379/)] },
      notSupported:
        'All containers of a Fargate task share one network: give one of the services another port with `command`.',
    },
    {
      keyword: 'services',
      name: 'nine services: refused at once',
      jobs: { 'too-many': isRefused('The job has 9 services, but a Fargate task has room for at most 8') },
      notSupported: 'A task can have eight services: start some in the script, or split the job.',
    },
  ],
};
