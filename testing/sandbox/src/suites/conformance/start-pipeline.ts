import {
  type CommitDefinition,
  type CommitFile,
  type JobDefinition,
  type Pipeline,
  type PipelineDefinition,
  type Project,
  readConfiguration,
  type VariableDefinitions,
} from '@serverless-gitlab-runner/gitlab-double';
import { openFleet } from '../../system/open-fleet.ts';
import type { ConformanceCase, Suite, SuiteFleet } from './conformance-case.ts';
import type { ConformanceEnvironment } from './conformance-environment.ts';
import { loadRepository } from './load-repository.ts';

/** Milliseconds that may pass without a job of any pipeline starting or ending. All pipelines share the manager's capacity. */
export const PIPELINE_TIMEOUT_MS = 8 * 60_000;

/** Prepares everything that the chosen cases' jobs need, and starts their pipeline. */
export async function startPipeline(
  environment: ConformanceEnvironment,
  suite: Suite,
  cases: readonly ConformanceCase[],
): Promise<Pipeline> {
  const { repository, earlierPipelines = [] } = suite;
  const read = await loadRepository(repository);
  const files = { ...read, ...suite.generatedFiles, ...(await suite.moreFiles?.(environment.gitlab)) };
  const define = (path?: string) => readConfiguration((name) => textOf(files[name], name), path);
  const prepared = (await suite.prepare?.(environment)) ?? {};
  const project = await makeProject(environment, suite, `conformance/${repository}`, files, prepared);
  const earlier = earlierPipelines.map(async ({ configuration, project: other }) => {
    const owner =
      other === undefined ? project : await makeProject(environment, suite, other, files, prepared);
    const { id } = await environment.gitlab.createPipeline(owner, define(configuration));
    await environment.gitlab.waitForPipeline(id, undefined, PIPELINE_TIMEOUT_MS);
  });
  await Promise.all(earlier);
  const ref = suite.branch;
  if (ref !== undefined) {
    await environment.gitlab.pushCommit(project, { branch: ref, message: `the ${ref} branch`, files });
  }
  return environment.gitlab.createPipeline(project, {
    ...withJobsOf(define(), cases),
    ...(ref === undefined ? {} : { ref }),
  });
}

async function makeProject(
  environment: ConformanceEnvironment,
  suite: Suite,
  path: string,
  files: Readonly<Record<string, CommitFile>>,
  prepared: VariableDefinitions,
): Promise<Project> {
  const { gitlab, registry, privateRegistry } = environment;
  const project = await gitlab.createProject({
    path,
    ...suite.project,
    variables: {
      REGISTRY: registry.address,
      REGISTRY_FOR_JOBS: registry.addressForJobs,
      IMAGE_DIGEST: registry.digest,
      ...suite.project?.variables,
      ...prepared,
    },
  });
  const url = suite.fleet ? await openSuiteFleet(environment, suite.fleet) : environment.system.webhookUrl;
  gitlab.addWebhook({ url, token: environment.system.webhookSecret, projectId: project.id });
  for (const [name, image] of Object.entries(suite.registryImages ?? {}))
    await privateRegistry.push(image, `${path}${name}`);
  for (const commit of earlierCommits(suite)) await gitlab.pushCommit(project, await commit());
  await gitlab.pushCommit(project, {
    message: suite.commitMessage ?? `the ${suite.repository} repository`,
    files,
  });
  return project;
}

function earlierCommits({
  earlierCommits: commits = 0,
}: Suite): readonly (() => Promise<CommitDefinition>)[] {
  if (typeof commits !== 'number') return commits;
  return Array.from({ length: commits }, (_, index) => async () => ({
    message: `commit ${index + 1}`,
    files: { 'earlier.txt': `${index + 1}\n` },
  }));
}

/** Opens a suite's separate fleet. Its runner takes only jobs with the fleet's name as a tag. Returns the webhook's URL. */
async function openSuiteFleet(
  { gitlab, system }: ConformanceEnvironment,
  { name }: SuiteFleet,
): Promise<string> {
  const { token: runnerToken } = gitlab.createRunner({ tags: [name], runUntagged: false });
  return openFleet(system, { name, runnerToken });
}

function textOf(file: unknown, path: string): string {
  if (typeof file === 'object' && file !== null && 'content' in file) return String(file.content);
  throw new Error(`${path} is not in the repository`);
}

/** Keeps only the jobs of the chosen cases and the jobs that they depend on. */
function withJobsOf(definition: PipelineDefinition, cases: readonly ConformanceCase[]): PipelineDefinition {
  const names = new Set(cases.flatMap((each) => Object.keys(each.jobs)));
  const byName = new Map(definition.jobs.map((job) => [job.name, job]));
  const missing = [...names].find((name) => !byName.has(name));
  if (missing !== undefined) throw new Error(`the repository's .gitlab-ci.yml has no job ${missing}`);
  const add = (job: JobDefinition | undefined) => {
    for (const name of [...(job?.needs ?? []), ...(job?.dependencies ?? [])]) {
      if (names.has(name)) continue;
      names.add(name);
      add(byName.get(name));
    }
  };
  for (const name of [...names]) add(byName.get(name));
  return { ...definition, jobs: definition.jobs.filter(({ name }) => names.has(name)) };
}
