import type { FleetConfigInput } from '@serverless-gitlab-runner/fleet';
import type {
  CommitDefinition,
  CommitFile,
  GitLabDouble,
  Job,
  Pipeline,
  ProjectDefinition,
  VariableDefinitions,
} from '@serverless-gitlab-runner/gitlab-double';
import type { System } from '../../system/deploy-system.ts';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { ConformanceEnvironment } from './conformance-environment.ts';
import type { CostlyImage } from './images.ts';
import type { TlsRegistry } from './private-registry/start-private-registry.ts';
import type { ArchivedFile } from './read-archive.ts';

/** A case's job as GitLab and ECS saw it. */
export interface JobFacts {
  job: Job;
  /** The job's log at GitLab. */
  log: Buffer;
  task: ObservedTask | undefined;
  /** Every task of the job in ECS: one, or none for a refused job. */
  tasks: readonly ObservedTask[];
  /** Every job of that name, including earlier attempts. */
  attempts: readonly Job[];
  /** The artifact archive's files by path. Empty without an archive. */
  files: ReadonlyMap<string, ArchivedFile>;
}

/** Checks a job. Returns a sentence for each problem. */
export type Expectation = (seen: JobFacts) => string[] | Promise<string[]>;

/** What a case's `during` may use while its jobs run. */
export interface CaseContext {
  gitlab: GitLabDouble;
  system: System;
  /** A registry with TLS that is not GitLab's. */
  openRegistry: TlsRegistry;
  /** The emulator's endpoint, which also has its switches. */
  endpoint: string;
  pipeline: Pipeline;
  /** Returns the newest job of that name. */
  job(name: string): Job;
  /** Returns every task of a job in ECS, in any project. */
  tasksOf(job: Job): readonly ObservedTask[];
  /** Returns every manager of a fleet in ECS. */
  managers(fleet: string): readonly ObservedTask[];
  /** Resolves once a job's log contains a text. */
  untilLogged(name: string, text: string): Promise<Job>;
  /** Resolves with a job's task once it has that status. */
  untilTask(name: string, lastStatus: string): Promise<ObservedTask>;
  /** Resolves once a task that a fleet's manager started ahead runs. */
  untilWaitingTask(fleet: string): Promise<void>;
}

/** One use of a keyword of `.gitlab-ci.yml`, with its expectations. */
export interface ConformanceCase {
  keyword: string;
  /** Describes the case. Unique among the cases of a keyword. */
  name: string;
  /** Jobs of the suite's repository, with the expectations of each. */
  jobs: Readonly<Record<string, readonly Expectation[]>>;
  /** What to use instead, if Fargate does not support this. Such a case shows that the job log says so. */
  notSupported?: string;
  /** Runs while the jobs run, and affects them from outside. */
  during?: (context: CaseContext) => Promise<void>;
  /** First release of GitLab Runner that supports it, such as `17.9`. Older ones skip the case. */
  since?: string;
  /** Whether `npm test` runs it, too. */
  quick?: true;
}

/** The cases of one repository. Their jobs form one pipeline. */
export interface Suite {
  /** Folder below `testing/sandbox/conformance`. */
  repository: string;
  project?: Omit<ProjectDefinition, 'path'>;
  /** Local images to push to the registry of the suite's project, by their name after `$CI_REGISTRY_IMAGE`, such as `/app:1`. */
  registryImages?: Readonly<Record<string, string>>;
  /** Prepares GitLab before the suite's project is created. Returns further variables of that project. */
  prepare?: (environment: ConformanceEnvironment) => Promise<VariableDefinitions>;
  /** Architecture of its jobs. On another machine their images are built, and run by emulation. Default: the machine's. */
  architecture?: 'ARM64';
  /** Images that take long to build and only this suite needs. Default: none. */
  costlyImages?: readonly CostlyImage[];
  /** Generated files by path. The configuration may include them. Default: none. */
  generatedFiles?: Readonly<Record<string, CommitFile>>;
  /** Files that a folder cannot contain, such as submodules, by path. */
  moreFiles?: (gitlab: GitLabDouble) => Promise<Readonly<Record<string, CommitFile>>>;
  /** Message of the commit that the pipeline runs for. Default: it names the repository. */
  commitMessage?: string;
  /** Earlier commits on the branch: their number, or their content. Default 0. */
  earlierCommits?: number | readonly (() => Promise<CommitDefinition>)[];
  /** Branch that its pipeline runs for. Earlier pipelines run for the default branch. Default: the default branch. */
  branch?: string;
  /** Pipelines that end, successfully or not, before the suite's own starts. Default: none. */
  earlierPipelines?: readonly EarlierPipeline[];
  /** A separate fleet for the jobs that have its name as a tag. Default: the fleet of all suites. */
  fleet?: SuiteFleet;
  /** Whether its pipeline runs alone, before all others. Default false. */
  alone?: true;
  cases: readonly ConformanceCase[];
}

/** A pipeline of the same files with another configuration. */
export interface EarlierPipeline {
  /** Path of the configuration in the repository. */
  configuration: string;
  /** Path of another project with the same files, which runs the pipeline. Default: the suite's project. */
  project?: string;
}

/** A fleet for one suite. */
export interface SuiteFleet {
  name: string;
  manager: NonNullable<FleetConfigInput['manager']>;
  /** Default: no tasks are started ahead. */
  ahead?: FleetConfigInput['ahead'];
}
