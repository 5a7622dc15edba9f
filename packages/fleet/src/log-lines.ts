import type { ServiceName } from './stack-names.ts';

/**
 * The log groups of an installation. Their names are fixed, so that saved queries, metric filters and people find them.
 * @param parameterPrefix the installation's, such as `/serverless-gitlab-runner`
 */
export function logGroupNames(parameterPrefix: string) {
  return {
    service: (service: ServiceName) => `${parameterPrefix}/${service}`,
    managers: `${parameterPrefix}/managers`,
    /** Of one fleet's helpers, and of its services if they are logged. */
    jobs: (fleet: string) => `${parameterPrefix}/jobs/${fleet}`,
  } as const;
}

/** Fields of every line, whichever program writes it: Powertools' names. A line is one JSON object. */
export const BASE_LOG_FIELDS = ['timestamp', 'level', 'service', 'message'] as const;

/**
 * Fields of the lines that saved queries, metric filters and `sgr` read, by service and message, besides the base fields. A field
 * without a value is missing from its line. Each service has a test that fails if it logs other fields; a test of the queries
 * fails if one reads a field that is not here.
 *
 * A job is found in every line by `jobId`, a manager by `manager` (its task id), an event on the bus by `eventId` or
 * `causeEventId`.
 */
export const LOG_LINES = {
  'webhook-receiver': {
    'webhook answered': [
      ...['statusCode', 'milliseconds', 'fleet', 'decision', 'problem', 'bytes'],
      ...['event', 'status', 'jobId', 'projectId', 'eventId', 'secret'],
    ],
  },
  'runner-launcher': {
    /** `jobs` has an entry for each job of the batch, with the fields of `DECIDED_JOB_FIELDS`. */
    'jobs decided': ['jobs'],
    'launch planned': [
      ...['fleet', 'runnerTokenParameter', 'causeEventId', 'requests', 'launches', 'launched', 'outcomes'],
      ...['failure', 'waiting', 'waitingBecause', 'longestWaitSeconds'],
    ],
    /** No plan was made: the fleet or the cluster could not be read. */
    'launch failed': [
      ...['fleet', 'runnerTokenParameter', 'causeEventId', 'requests', 'failure'],
      ...['waiting', 'waitingBecause', 'longestWaitSeconds'],
    ],
  },
  'idle-reaper': {
    sweep: [
      ...['managers', 'jobTasks', 'drained', 'stopped', 'requested'],
      ...['secrets', 'tokens', 'definitions', 'failures'],
    ],
    'job task stopped': ['fleet', 'jobId', 'taskArn', 'reason', 'stopped'],
    'manager drained': ['fleet', 'manager', 'taskArn', 'reason', 'idleSeconds', 'demandAt'],
    'manager stopped': ['fleet', 'manager', 'taskArn', 'reason'],
  },
  'runner-manager': {
    'job taken': ['fleet', 'manager', 'jobId', 'projectId', 'pipelineId', 'queuedSeconds'],
    'job task started': ['fleet', 'manager', 'jobId', 'taskArn', 'capacityProvider'],
    'job ready': ['fleet', 'manager', 'jobId', 'taskArn', 'isAhead', 'startSeconds', 'pullSeconds'],
    'script started': [
      ...['fleet', 'manager', 'jobId', 'projectId', 'taskArn', 'isAhead'],
      ...['queuedSeconds', 'startSeconds', 'pullSeconds', 'queuedToScriptSeconds'],
    ],
    'job ended': [
      'fleet',
      'manager',
      'jobId',
      'projectId',
      'taskArn',
      'end',
      'because',
      'seconds',
      'costUsd',
    ],
    /** An event that the manager publishes. */
    event: ['event', 'detail'],
    /** The manager serves nobody and exits. */
    'launch failed': ['fleet', 'failure'],
  },
  'job-helper': {
    'helper ready': ['jobId'],
    'helper cannot start': ['jobId', 'problem'],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Fields of each entry of `jobs` in `jobs decided`, in their order, which the query of one job relies on. */
export const DECIDED_JOB_FIELDS = ['jobId', 'fleet', 'eventId', 'outcome'] as const;

/** How a job ended for its manager. GitLab's own status also depends on what follows the script, such as uploads. */
export const JOB_ENDS = [
  /** Its script, or a stage before it, ended with 0 or another code. */
  'succeeded',
  'failed',
  /** Its script did not end: GitLab cancelled it, or it timed out. */
  'interrupted',
  /** It cannot run as it is written, and its log says why. */
  'refused',
  /** Its task did not accept commands. */
  'start-failed',
  /** Its task ended unexpectedly. */
  'lost',
] as const;
export type JobEnd = (typeof JOB_ENDS)[number];
