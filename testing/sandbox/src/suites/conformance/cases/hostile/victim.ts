import { BUILD_CONTAINER } from '@serverless-gitlab-runner/fleet';
import type { GitLabDouble, Job, VariableDefinitions } from '@serverless-gitlab-runner/gitlab-double';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { taskContainerId } from '../../../faults/docker-actions.ts';
import type { CaseContext, Expectation } from '../../conformance-case.ts';
import type { ConformanceEnvironment } from '../../conformance-environment.ts';
import { PIPELINE_TIMEOUT_MS } from '../../start-pipeline.ts';

const PROJECT = 'conformance/hostile-victim';
/** Only the victim has it. GitLab masks it in the victim's log. */
export const VICTIM_SECRET = 'planted-victim-secret-5b1d9c';
/** Long, since jobs of other suites use the machine too. */
const START_TIMEOUT_MS = 5 * 60_000;
const END_TIMEOUT_MS = 3 * 60_000;

/** Compares its own files every second until it is released, and reports whether they changed. */
const SCRIPT = [
  'echo "$VICTIM_SECRET" > /builds/secret.txt',
  'files() { find /builds /.job-agent -path /.job-agent/run -prune -o -print | sort; cat /builds/secret.txt; }',
  'files > /tmp/before',
  'echo started',
  'while [ ! -e /tmp/release ]; do files | cmp - /tmp/before || exit 9; sleep 1; done',
  'echo "files unchanged"',
];
const AFTER_SCRIPT = [
  'secret_unchanged() { [ "$(cat /builds/secret.txt)" = "$VICTIM_SECRET" ]; }',
  'secret_unchanged && echo "secret unchanged afterwards, $CI_JOB_STATUS"',
];

/**
 * Starts the victim, a job of another project, and waits until its script runs.
 * @returns variables with what an attacker may know of the victim
 */
export async function startVictim({ gitlab, system }: ConformanceEnvironment): Promise<VariableDefinitions> {
  const variables = { VICTIM_SECRET: { value: VICTIM_SECRET, masked: true } };
  const project = await gitlab.createProject({ path: PROJECT, variables });
  gitlab.addWebhook({ url: system.webhookUrl, token: system.webhookSecret, projectId: project.id });
  await gitlab.pushCommit(project, { message: 'the victim', files: { 'README.md': '# victim\n' } });
  const pipeline = await gitlab.createPipeline(project, {
    stages: ['test'],
    variables: { FF_TIMESTAMPS: 'false' },
    jobs: [
      {
        name: 'victim',
        stage: 'test',
        image: 'debian:bookworm-slim',
        script: SCRIPT,
        afterScript: AFTER_SCRIPT,
      },
    ],
  });
  const { id } = victimOf(gitlab);
  await gitlab.waitForJob(id, ({ trace }) => trace.text.includes('\nstarted'), START_TIMEOUT_MS);
  return {
    VICTIM_JOB_ID: `${id}`,
    VICTIM_PROJECT_ID: `${project.id}`,
    VICTIM_PIPELINE_ID: `${pipeline.id}`,
  };
}

/** For `during`: when all attacks have ended, releases the victim and checks that it was not affected. */
export async function victimIsUnaffected({ gitlab, pipeline, tasksOf }: CaseContext): Promise<void> {
  await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const victim = victimOf(gitlab);
  const tasks = tasksOf(victim);
  if (tasks.length !== 1) throw new Error(`ECS has ${tasks.length} tasks of the victim, expected one`);
  if (victim.finished)
    throw new Error(`the victim ended as ${victim.status}: ${victim.trace.text.slice(-500)}`);
  const build = await taskContainerId(tasks[0]?.taskArn ?? '', BUILD_CONTAINER);
  await runCommand('docker', ['exec', build, 'touch', '/tmp/release']);
  await gitlab.waitForJob(victim.id, undefined, END_TIMEOUT_MS);
  const log = victim.trace.text;
  for (const line of ['\nfiles unchanged\n', '\nsecret unchanged afterwards, success\n'])
    if (!log.includes(line))
      throw new Error(`the victim's log has no line "${line.trim()}": ${log.slice(-500)}`);
  if (victim.status !== 'success') throw new Error(`the victim ended as ${victim.status}`);
  if (log.includes('attacker')) throw new Error("an attacker wrote to the victim's log");
}

function victimOf(gitlab: GitLabDouble): Job {
  const found = [...gitlab.jobs.values()].findLast(({ pipeline }) => pipeline.project.path === PROJECT);
  if (found === undefined) throw new Error('GitLab has no job of the victim');
  return found;
}

/** The job did not get the victim's secret, and its tasks have the tag of the job's real project. */
export function isIsolated(): Expectation[] {
  return [
    ({ log }) => (log.includes(VICTIM_SECRET) ? ["the victim's secret is in the job's log"] : []),
    ({ files }) =>
      [...files.values()].some(({ content }) => content.includes(VICTIM_SECRET))
        ? ["the victim's secret is in the job's artifacts"]
        : [],
    ({ job, tasks }) =>
      tasks.flatMap(({ projectId }) =>
        projectId === job.pipeline.project.id ? [] : [`its task is tagged with project ${projectId}`],
      ),
  ];
}
