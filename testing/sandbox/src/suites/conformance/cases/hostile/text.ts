import type { Suite } from '../../conformance-case.ts';
import { isRefused, lastsAtMost } from '../../expectations.ts';
import { endsSoon, hostile } from './expectations.ts';

/** Length of one variable. Linux passes no longer one to a program (128 KiB with its name). */
const LONG = 130_000;
/** The same for a service: the runner passes the job's services in one variable, with other text around. */
const LONG_SERVICE = 120_000;
/** Maximum duration of a refusal in seconds. A manager that backtracks in a text cannot serve its other jobs meanwhile. */
const MAX_SECONDS = 10;

const refusedAtOnce = () => [
  ...isRefused(/is not a valid image name|too long|characters/),
  lastsAtMost(MAX_SECONDS),
];

/** Texts of maximum length, on which a pattern with quadratic running time takes minutes. */
export const HOSTILE_TEXT: Suite = {
  repository: 'hostile-text',
  project: {
    variables: {
      LONG_PATH: 'a/'.repeat(LONG / 2),
      LONG_COLONS: ':'.repeat(LONG),
      LONG_DOTS: `${'a.'.repeat(LONG / 2)}/x`,
      LONG_COMMAS: ', '.repeat(LONG / 2),
      LONG_DIGITS: '9'.repeat(LONG),
      LONG_BRACKETS: '['.repeat(LONG),
      LONG_SERVICE: 'a/'.repeat(LONG_SERVICE / 2),
      LONG_SERVICE_COLONS: ':'.repeat(LONG_SERVICE),
      QUITE_LONG: 'a/'.repeat(LONG / 20),
    },
  },
  cases: [
    hostile('an image of 65,000 path segments', { 'image-is-long': refusedAtOnce() }, { quick: true }),
    hostile('an image of 130,000 colons', { 'image-is-colons': refusedAtOnce() }),
    hostile('an image with a host of 65,000 labels', { 'image-is-dots': refusedAtOnce() }),
    hostile('a service of 120,000 characters', { 'service-is-long': refusedAtOnce() }),
    hostile('a service of 120,000 colons', { 'service-is-colons': refusedAtOnce() }),
    hostile('eight services of 13,000 characters', { 'services-are-many-and-long': refusedAtOnce() }),
    hostile("a service's alias of 130,000 characters", { 'alias-is-long': endsSoon() }),
    hostile('a size of 130,000 digits', {
      'size-is-long': [...isRefused(/FARGATE_CPU/), lastsAtMost(MAX_SECONDS)],
    }),
    hostile('a registry login of 130,000 brackets', { 'login-is-deep': endsSoon() }),
    hostile('a Docker host of 130,000 colons', { 'host-is-long': endsSoon() }),
    hostile('an entry point of 130,000 characters', { 'entrypoint-is-long': endsSoon() }),
  ],
};
