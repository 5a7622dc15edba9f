import { DECIDED_JOB_FIELDS, logGroupNames } from '@serverless-gitlab-runner/fleet';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { installationName } from './alarm-names.ts';

export interface SavedQuery {
  readonly name: string;
  /** In CloudWatch Logs Insights' own language. */
  readonly query: string;
}

/** Number in the query of one job, to be replaced. */
const JOB = '4711';
const decided = DECIDED_JOB_FIELDS.map((field) =>
  field === 'jobId' ? `"jobId":${JOB}` : `"${field}":"(?<decided${field}>[^"]*)"`,
).join(',');

/** Queries over the fields of `LOG_LINES` (`packages/fleet`). */
export const SAVED_QUERIES: readonly SavedQuery[] = [
  {
    name: 'one job from webhook to end',
    query: `# Replace ${JOB} by the job's number, twice.
filter @message like /"jobId":${JOB}[,}]/
| parse @message /${decided}/
| display @timestamp, service, message, fleet, event, status, decision, eventId, decidedeventId, decidedoutcome, manager, \
taskArn, queuedSeconds, startSeconds, pullSeconds, queuedToScriptSeconds, end, because, reason, seconds, costUsd
| sort @timestamp asc
| limit 1000`,
  },
  {
    name: 'warnings and errors',
    query: `fields @timestamp, service, level, fleet, message, failure.reason, failure.message, problem, jobId, taskArn, @message
| filter level in ["WARN", "ERROR"] or @message like /Task timed out|Runtime exited|"errorType"/
| sort @timestamp desc
| limit 200`,
  },
  {
    name: 'why jobs wait',
    query: `filter service = "runner-launcher" and message in ["launch planned", "launch failed"] and waiting > 0
| stats max(waiting) as jobs, max(longestWaitSeconds) as longestWait, latest(failure.message) as whatToDo, \
max(@timestamp) as lastSeen by fleet, waitingBecause
| sort longestWait desc`,
  },
  {
    name: 'slowest starts',
    query: `fields @timestamp, fleet, jobId, projectId, queuedToScriptSeconds, queuedSeconds, startSeconds, pullSeconds, isAhead, taskArn
| filter service = "runner-manager" and message = "script started"
| sort queuedToScriptSeconds desc
| limit 25`,
  },
];

/** Log groups that a query may read at once. */
const MAX_LOG_GROUPS = 50;

export interface SavedQueriesProps {
  readonly parameterPrefix: string;
  readonly fleets: readonly string[];
}

/** The queries in CloudWatch's console, over all log groups. They cost nothing until they run. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { parameterPrefix, fleets }: SavedQueriesProps) {
    super(scope, id);
    const names = logGroupNames(parameterPrefix);
    // By name: the services' groups are created later, with their stacks.
    const groups = [
      names.service('webhook-receiver'),
      names.service('runner-launcher'),
      names.service('idle-reaper'),
      names.managers,
      ...fleets.map(names.jobs),
    ].slice(0, MAX_LOG_GROUPS);
    for (const { name, query } of SAVED_QUERIES)
      new CfnQueryDefinition(this, name.replaceAll(' ', ''), {
        name: `${installationName(parameterPrefix)}/${name}`,
        queryString: query,
        logGroupNames: groups,
      });
  }
}
