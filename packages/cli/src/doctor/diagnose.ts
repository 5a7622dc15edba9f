import { explainFailure } from '@serverless-gitlab-runner/aws/calls';
import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import type { Clients } from '../clients.ts';
import { gitlabUrlsOf, readFleets } from '../fleets.ts';
import { GitLabError } from '../gitlab/gitlab-error.ts';
import { pointsAt } from '../gitlab/hook-place.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { findInstallation, type Installation } from '../installation.ts';
import { countMessages } from '../queues.ts';
import { readLaunchFailures } from '../read-launch-failures.ts';
import { type ClusterTasks, type Recorded, readTasks } from '../tasks.ts';
import { checkAccount } from './checks/check-account.ts';
import { checkFleets } from './checks/check-fleets.ts';
import { checkLaunches } from './checks/check-launches.ts';
import { checkNetwork } from './checks/check-network.ts';
import { checkParts } from './checks/check-parts.ts';
import { checkProject } from './checks/check-project.ts';
import { checkStacks } from './checks/check-stacks.ts';
import { checkTasks, type TaskFacts } from './checks/check-tasks.ts';
import { checkWebhooks } from './checks/check-webhooks.ts';
import { type Finding, warning } from './finding.ts';
import { readAccount } from './read/read-account.ts';
import { readFleetFacts } from './read/read-fleet-facts.ts';
import { readNetwork } from './read/read-network.ts';
import { readParts } from './read/read-parts.ts';
import { readResources, readStacks } from './read/read-stacks.ts';
import { readWebhooks } from './read/read-webhooks.ts';

export interface DoctorQuestion {
  /** A project's path in GitLab, which is asked for its webhooks, runners and waiting jobs. Default: GitLab is not asked. */
  project?: string | undefined;
  /** Needed with `project`. */
  gitlabToken?: string | undefined;
  /** Hours for which webhooks are searched. */
  hours: number;
  /** Milliseconds since 1970. */
  now: number;
}

const HOUR_MS = 3_600_000;

/**
 * Walks the way of a job from GitLab's webhook to its task, and returns what is wrong, in that order. What these credentials may
 * not read is a warning.
 */
export async function diagnose(question: DoctorQuestion, clients: Clients): Promise<Finding[]> {
  const { cloudFormation } = clients;
  const stacks = checkStacks(await readStacks(cloudFormation), await cloudFormation.config.region());
  // The places of all parts are in the stacks' outputs.
  if (stacks.some(({ check }) => check === 'stack-missing')) return stacks;
  const installation = await findInstallation(cloudFormation);
  const checked = await Promise.all(
    sections(question, clients, installation).map(({ what, findings }) => unlessUnreadable(what, findings())),
  );
  return [...stacks, ...checked.flat()];
}

interface Section {
  what: string;
  findings(): Promise<Finding[]>;
}

function sections(question: DoctorQuestion, clients: Clients, installation: Installation): Section[] {
  const { hours, now, project } = question;
  const { cloudFormation, ec2, ecs, iam, logs, sqs, ssm } = clients;
  const { cluster, parameterPrefix, eventBusName, logGroups, deadLetterUrls } = installation;
  const fleets = shared(() => readFleets(ssm, parameterPrefix));
  const tasks = shared(() => readTasks(ecs, cluster));
  return [
    {
      what: 'functions, rules and schedule',
      findings: async () =>
        checkParts(await readParts(await readResources(cloudFormation), clients, eventBusName)),
    },
    {
      what: 'fleets and their secrets',
      async findings() {
        const managers = (await tasks()).managers.map(({ facts }) => facts);
        return checkFleets(await readFleetFacts(await fleets(), managers, ecs, parameterPrefix), now);
      },
    },
    {
      what: 'webhooks',
      findings: async () =>
        checkWebhooks(await readWebhooks(logs, logGroups.receiver, now - hours * HOUR_MS), hours),
    },
    {
      what: 'launches and dead letters',
      async findings() {
        const [failures, launcher, reaper] = await Promise.all([
          readLaunchFailures(logs, logGroups.launcher, now - HOUR_MS),
          countMessages(sqs, deadLetterUrls.launcher),
          countMessages(sqs, deadLetterUrls.reaper),
        ]);
        return checkLaunches(failures, { launcher, reaper }, now);
      },
    },
    { what: 'tasks', findings: async () => checkTasks(taskFacts(await tasks()), now) },
    {
      what: 'subnets and security groups',
      async findings() {
        const { subnets, securityGroups } = await readNetwork(ec2, await fleets());
        return checkNetwork(subnets, securityGroups);
      },
    },
    ...(project === undefined
      ? []
      : [
          {
            what: `project ${project}`,
            findings: async () => projectFindings(project, question, await fleets(), installation),
          },
        ]),
    { what: 'account and cluster', findings: async () => checkAccount(await readAccount(ecs, iam, cluster)) },
  ];
}

/** Reads once, when it is first needed. */
function shared<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= read();
    return result;
  };
}

/** Asks the only GitLab that the fleets name: a token is of one GitLab. */
async function projectFindings(
  project: string,
  { gitlabToken }: DoctorQuestion,
  fleets: readonly ListedFleet[],
  { webhookUrl }: Installation,
): Promise<Finding[]> {
  const urls = new Set(gitlabUrlsOf(fleets).values());
  const [url] = urls;
  if (gitlabToken === undefined || url === undefined || urls.size > 1) {
    const why =
      gitlabToken === undefined ? 'GITLAB_TOKEN is not set' : `the fleets name ${urls.size} GitLabs`;
    const fix =
      'Set GITLAB_TOKEN (scope read_api) of a Maintainer; with several GitLabs, ask each in its own installation';
    return [warning('not-checked', `The project ${project} is not read: ${why}`, fix)];
  }
  const { createGitLabReader } = await import('../gitlab/gitlab-reader.ts');
  trustAuthoritiesOf(fleets);
  const gitlab = createGitLabReader(url, gitlabToken);
  const [hooks, runners, pending] = await Promise.all([
    gitlab.hooks(project),
    gitlab.runners(project),
    gitlab.pendingJobs(project),
  ]);
  const events = await Promise.all(
    hooks
      .filter((hook) => pointsAt(hook, webhookUrl))
      .map(async ({ id }) => [id, await gitlab.hookEvents(project, id)] as const),
  );
  const hookEvents = new Map(
    events.flatMap(([id, list]) => (list === undefined ? [] : [[id, list] as const])),
  );
  return checkProject({ project, hooks, hookEvents, runners, pending, webhookUrl });
}

async function unlessUnreadable(what: string, findings: Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await findings;
  } catch (error) {
    const explanation = error instanceof GitLabError ? error.message : explainFailure(error);
    if (explanation === undefined) throw error;
    return [warning('not-checked', `The ${what} could not be read`, explanation)];
  }
}

function taskFacts({ managers, jobTasks }: ClusterTasks): TaskFacts[] {
  return [
    ...managers.map(({ facts, task }) => ({
      ...startOf({ facts, task }),
      role: facts.role,
      jobId: undefined,
      exitCode: facts.exitCode,
    })),
    ...jobTasks.map(({ facts, task }) => ({
      ...startOf({ facts, task }),
      role: facts.role,
      jobId: facts.jobId,
      exitCode: undefined,
    })),
  ];
}

function startOf({ facts, task }: Recorded<Pick<TaskFacts, 'fleet' | 'state' | 'createdAt' | 'startedAt'>>) {
  const { fleet, state, createdAt, startedAt } = facts;
  return { fleet, state, createdAt, startedAt, stopCode: task.stopCode, stoppedReason: task.stoppedReason };
}
