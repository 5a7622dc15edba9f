import type { GitLabDouble, Job, VariableDefinitions } from '@serverless-gitlab-runner/gitlab-double';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { taskContainerIds } from '../../../faults/docker-actions.ts';
import type { CaseContext, Expectation } from '../../conformance-case.ts';
import type { ConformanceEnvironment } from '../../conformance-environment.ts';
import { PIPELINE_TIMEOUT_MS } from '../../start-pipeline.ts';

const PROJECT = 'conformance/hostile-victim';
/** Only the victim knows it; GitLab masks it in the victim's log. */
export const VICTIM_SECRET = 'planted-victim-secret-5b1d9c';
/** Patience: the other suites' jobs have the machine too. */
const BEGUN_WITHIN_MS = 5 * 60_000;
const ENDED_WITHIN_MS = 3 * 60_000;

/** Looks after its own files the whole time, until it is let go, and says whether anybody was there. */
const SCRIPT = [
  'echo "$VICTIM_SECRET" > /builds/secret.txt',
  'look() { find /builds /.job-agent -path /.job-agent/run -prune -o -print | sort; cat /builds/secret.txt; }',
  'look > /tmp/before',
  'echo begun',
  'while [ ! -e /tmp/let-go ]; do look | cmp - /tmp/before || exit 9; sleep 1; done',
  'echo "nobody was here"',
];
const AFTER_SCRIPT = [
  'look_again() { [ "$(cat /builds/secret.txt)" = "$VICTIM_SECRET" ]; }',
  'look_again && echo "nobody was here afterwards, $CI_JOB_STATUS"',
];

/** Starts the victim, a job of another project, and waits until its script runs. Gives what an attacker may know of it. */
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
  await gitlab.waitForJob(id, ({ trace }) => trace.text.includes('\nbegun'), BEGUN_WITHIN_MS);
  return {
    VICTIM_JOB_ID: `${id}`,
    VICTIM_PROJECT_ID: `${project.id}`,
    VICTIM_PIPELINE_ID: `${pipeline.id}`,
  };
}

/** An during: when all attacks are over, lets the victim go, which must have noticed nothing. */
export async function victimNoticedNothing({ gitlab, pipeline, tasksOf }: CaseContext): Promise<void> {
  await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const victim = victimOf(gitlab);
  const tasks = tasksOf(victim);
  if (tasks.length !== 1) throw new Error(`ECS saw ${tasks.length} tasks for the victim`);
  if (victim.finished)
    throw new Error(`the victim ended as ${victim.status}: ${victim.trace.text.slice(-500)}`);
  const build = (await taskContainerIds(tasks[0]?.taskArn ?? '')).get('build');
  await runCommand('docker', ['exec', build ?? '', 'touch', '/tmp/let-go']);
  await gitlab.waitForJob(victim.id, undefined, ENDED_WITHIN_MS);
  const log = victim.trace.text;
  for (const line of ['\nnobody was here\n', '\nnobody was here afterwards, success\n'])
    if (!log.includes(line))
      throw new Error(`the victim's log does not say "${line.trim()}": ${log.slice(-500)}`);
  if (victim.status !== 'success') throw new Error(`the victim ended as ${victim.status}`);
  if (log.includes('attacker')) throw new Error('an attacker wrote into the log of the victim');
}

function victimOf(gitlab: GitLabDouble): Job {
  const found = [...gitlab.jobs.values()].findLast(({ pipeline }) => pipeline.project.path === PROJECT);
  if (found === undefined) throw new Error('there is no victim');
  return found;
}

/** The job learnt nothing of the victim, and ran as what GitLab says it is, in one task at most. */
export function reachesNobody(): Expectation[] {
  return [
    ({ log }) => (log.includes(VICTIM_SECRET) ? ["the victim's secret is in its log"] : []),
    ({ files }) =>
      [...files.values()].some(({ content }) => content.includes(VICTIM_SECRET))
        ? ["the victim's secret is in its artifacts"]
        : [],
    ({ job, tasks }) =>
      tasks.flatMap(({ projectId }) =>
        projectId === job.pipeline.project.id ? [] : [`its task is tagged with the project ${projectId}`],
      ),
  ];
}
