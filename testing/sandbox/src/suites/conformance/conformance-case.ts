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
import type { ArchivedFile } from './read-archive.ts';

/** What the double and ECS saw of a case's job. */
export interface SeenJob {
  job: Job;
  /** The job's log as GitLab has it. */
  log: Buffer;
  task: ObservedTask | undefined;
  /** Every task that ECS saw for the job; there is to be one, or none for a job that was refused. */
  tasks: readonly ObservedTask[];
  /** Every job of that name, those that were tried before it too. */
  attempts: readonly Job[];
  /** The artifact archive's files by path; nothing where there is no archive. */
  files: ReadonlyMap<string, ArchivedFile>;
}

/** Returns what is wrong, in sentences; nothing when all is right. */
export type Expectation = (seen: SeenJob) => string[] | Promise<string[]>;

/** What a case's act may use while its jobs run. */
export interface CaseContext {
  gitlab: GitLabDouble;
  system: System;
  /** The emulator's, where its switches are. */
  endpoint: string;
  pipeline: Pipeline;
  /** The newest job of that name. */
  job(name: string): Job;
  /** Every task that ECS saw for a job, of whichever project. */
  tasksOf(job: Job): readonly ObservedTask[];
  /** Every manager of a fleet that ECS saw. */
  managers(fleet: string): readonly ObservedTask[];
  /** Resolves once a job's log holds a text. */
  untilLogged(name: string, text: string): Promise<Job>;
  /** The task of a job, once ECS has it in that status. */
  untilTask(name: string, lastStatus: string): Promise<ObservedTask>;
}

/** One thing that people write into a `.gitlab-ci.yml`, and what must come of it. */
export interface ConformanceCase {
  keyword: string;
  /** A sentence; unique among all cases. */
  name: string;
  /** Jobs of the suite's repository, and what must be true of each when it ended. */
  jobs: Readonly<Record<string, readonly Expectation[]>>;
  /** What Fargate cannot do here, and what to do instead; such a case shows that the job log says so. */
  notSupported?: string;
  /** What happens to the jobs from outside while they run. */
  during?: (context: CaseContext) => Promise<void>;
  /** The first release of GitLab Runner that can do it, such as `17.9`; older ones run without the case. */
  since?: string;
  /** Also in the short run. */
  quick?: true;
}

/** The cases of one repository, whose jobs are one pipeline. */
export interface Suite {
  /** Folder below `testing/sandbox/conformance`. */
  repository: string;
  project?: Omit<ProjectDefinition, 'path'>;
  /** Local images that are in the registry of the suite's project, by what follows `$CI_REGISTRY_IMAGE` in the name: `/app:1`. */
  registryImages?: Readonly<Record<string, string>>;
  /** Makes what the suite finds on its GitLab, before its own project; gives that project's further variables. */
  prepare?: (environment: ConformanceEnvironment) => Promise<VariableDefinitions>;
  /** Of its jobs, where the machine may have another: their images are made, and run by emulation. Default: the machine's. */
  architecture?: 'ARM64';
  /** Images that only this suite needs, since their build takes long. Default none. */
  costlyImages?: readonly CostlyImage[];
  /** Files that are made rather than kept, by path; the configuration may include them. Default none. */
  madeFiles?: Readonly<Record<string, CommitFile>>;
  /** Files that a folder cannot hold, such as submodules, by path. */
  moreFiles?: (gitlab: GitLabDouble) => Promise<Readonly<Record<string, CommitFile>>>;
  /** Of the commit that runs. Default: it names the repository. */
  commitMessage?: string;
  /** Commits on the branch before the one that runs: their number, or what is in them. Default 0. */
  earlierCommits?: number | readonly (() => Promise<CommitDefinition>)[];
  /** Branch that its pipeline runs for; earlier pipelines run for the default branch. Default: that one. */
  branch?: string;
  /** Pipelines that are over, whatever came of them, before the suite's own begins. Default none. */
  earlierPipelines?: readonly EarlierPipeline[];
  /** A fleet of its own, for the jobs that have its name for a tag. Default: the one of all suites. */
  fleet?: SuiteFleet;
  /** Its pipeline runs before all others, beside none. Default false. */
  alone?: true;
  cases: readonly ConformanceCase[];
}

/** A pipeline of the same files by another configuration among them. */
export interface EarlierPipeline {
  /** Path of the configuration in the repository. */
  configuration: string;
  /** Path of another project that has the same files and runs it. Default: the suite's. */
  project?: string;
}

/** A fleet for one suite. */
export interface SuiteFleet {
  name: string;
  manager: NonNullable<FleetConfigInput['manager']>;
}
