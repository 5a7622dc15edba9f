import type { Suite } from '../conformance-case.ts';
import { failsFor, isRefused, lastsAtMost, says, succeedsWith } from '../expectations.ts';

export const SERVICES: Suite = {
  repository: 'services',
  cases: [
    {
      keyword: 'services',
      name: "a real PostgreSQL, set up by the job's variables, ready when the script begins",
      jobs: { postgres: succeedsWith('sum 42') },
    },
    {
      keyword: 'services',
      name: 'a real Redis under its alias',
      quick: true,
      jobs: { redis: succeedsWith('redis says hello') },
    },
    {
      keyword: 'services',
      name: 'two services; several aliases of one',
      jobs: { both: succeedsWith('postgres by its second name', 'redis +PONG') },
    },
    {
      keyword: 'services',
      name: "the names that GitLab makes of the image's: slashes as __ and as -",
      jobs: { 'names-of-image': succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'variables of the service come before those of the job',
      jobs: { 'own-variables': succeedsWith('database other') },
    },
    {
      keyword: 'services',
      name: 'command of its own, on another port (HEALTHCHECK_TCP_PORT)',
      jobs: { command: succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'entrypoint of its own',
      jobs: { entrypoint: succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'names in a busybox image, and in one whose user is not root',
      jobs: { 'from-busybox': succeedsWith('+PONG'), 'from-non-root': succeedsWith('redis +PONG') },
    },
    {
      keyword: 'services',
      name: 'names in an image with musl, as Alpine has it',
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
      name: "a service has the project in /builds, and finds the job's container as `build`",
      jobs: { 'sees-project': succeedsWith('written by the job', 'by the name build written by the job') },
    },
    {
      keyword: 'services',
      name: 'a service that needs 8 seconds is waited for (HEALTHCHECK_TCP_PORT)',
      jobs: { 'slow-service': succeedsWith('PONG') },
    },
    {
      keyword: 'services',
      name: 'a service that dies: the job runs, and the log has its last lines',
      jobs: {
        'dying-service': [
          ...succeedsWith('the job ran all the same'),
          says('the service has no configuration'),
        ],
      },
    },
    {
      keyword: 'services',
      name: 'an image of a service that is not there: script_failure within seconds',
      jobs: {
        'missing-service': [failsFor('script_failure'), says('There is no such image'), lastsAtMost(60)],
      },
    },
    {
      keyword: 'services',
      name: 'two services on one port: said in words',
      jobs: { 'same-port': [says(/port 6379/)] },
      notSupported:
        'All containers of a Fargate task share one network: give one of the services another port by `command`.',
    },
    {
      keyword: 'services',
      name: 'nine services: refused at once',
      jobs: { 'too-many': isRefused('The job has 9 services: a Fargate task has room for 8') },
      notSupported: 'A task has room for eight services: start some in the script, or split the job.',
    },
  ],
};
