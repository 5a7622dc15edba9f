/** What a test or the demo writes down of a `.gitlab-ci.yml`. Keys are GitLab's, in camel case. */

/** A CI/CD variable: a plain value, or one with the options that GitLab's settings page offers. */
export type VariableDefinition =
  | string
  | {
      value: string;
      /** The runner hides the value in the job log. Default false. */
      masked?: boolean;
      /** The job gets the path of a file that holds the value. Default false. */
      file?: boolean;
      /** No `$other` in the value is expanded. Default false. */
      raw?: boolean;
      /** May be shown, for example in a job's debug output. Default: true unless masked. */
      public?: boolean;
    };

export type VariableDefinitions = Readonly<Record<string, VariableDefinition>>;

export interface ImageDefinition {
  name: string;
  entrypoint?: readonly string[];
  /** For example `['if-not-present']`. */
  pullPolicy?: readonly string[];
  /** `image:docker` and `image:kubernetes`, such as `{ docker: { platform: 'linux/arm64' } }`. */
  executorOptions?: Readonly<Record<string, unknown>>;
}

export interface ServiceDefinition extends ImageDefinition {
  alias?: string;
  command?: readonly string[];
  variables?: VariableDefinitions;
}

export type RunWhen = 'on_success' | 'on_failure' | 'always';

export interface ArtifactsDefinition {
  name?: string;
  paths?: readonly string[];
  exclude?: readonly string[];
  untracked?: boolean;
  when?: RunWhen;
  /** As GitLab parses it, for example `1 week`. */
  expireIn?: string;
  /** Report type to paths, for example `{ junit: ['report.xml'] }`; sent as gzip, as GitLab asks for. */
  reports?: Readonly<Record<string, readonly string[]>>;
}

export interface CacheDefinition {
  /** A name, or what the commits that last changed some files are named by. Default `default`. */
  key?: string | { files: readonly string[]; prefix?: string | undefined };
  /** Whether protected branches share it with others. Default false. */
  unprotect?: boolean;
  paths: readonly string[];
  untracked?: boolean;
  /** `pull-push`, `pull`, `push`, or a variable that the runner expands. Default `pull-push`. */
  policy?: string;
  when?: RunWhen;
  fallbackKeys?: readonly string[];
}

/** `retry:`; a job of the same name takes a failed one's place by itself. */
export interface RetryDefinition {
  max: number;
  /** Failure reasons. Default: `always`, or none where exit codes are given. */
  when?: readonly string[];
  exitCodes?: readonly number[];
}

/** `environment:`; the double records no deployments. */
export interface EnvironmentDefinition {
  name: string;
  url?: string | undefined;
  action?: string | undefined;
}

export interface JobDefinition {
  name: string;
  stage: string;
  script: readonly string[];
  beforeScript?: readonly string[];
  afterScript?: readonly string[];
  image?: string | ImageDefinition;
  services?: readonly (string | ServiceDefinition)[];
  variables?: VariableDefinitions;
  artifacts?: ArtifactsDefinition;
  cache?: readonly CacheDefinition[];
  /** Names of jobs whose artifacts are wanted. Default: all of `needs`, else all of earlier stages. */
  dependencies?: readonly string[];
  /** Names of jobs to wait for instead of the earlier stages. */
  needs?: readonly string[];
  /** Seconds, sent to the runner, which enforces it. Default: the project's, 3600. */
  timeout?: number;
  /** Always, or only with those exit codes. */
  allowFailure?: boolean | { exitCodes: readonly number[] };
  retry?: RetryDefinition;
  /** May be cancelled when a newer pipeline makes it redundant. Default false. */
  interruptible?: boolean;
  /** `id_tokens`: variable name to audience. */
  idTokens?: Readonly<Record<string, string>>;
  when?: RunWhen | 'manual';
  tags?: readonly string[];
  environment?: EnvironmentDefinition;
  /** At most one job of a group runs in a project at a time; the others are `waiting_for_resource`. */
  resourceGroup?: string;
  hooks?: { preGetSourcesScript?: readonly string[] };
}

export interface PipelineDefinition {
  /** Branch. Default: the project's default branch. */
  ref?: string;
  stages: readonly string[];
  jobs: readonly JobDefinition[];
  /** As `variables:` at the top of a `.gitlab-ci.yml`. */
  variables?: VariableDefinitions;
  /** What started it, for `CI_PIPELINE_SOURCE` and the Pipeline Hook. Default `push`. */
  source?: string;
  /** The pipeline and job that triggered this one; adds `source_pipeline` to the hooks. */
  sourcePipeline?: { projectId: number; pipelineId: number; jobId: number };
}

export type Visibility = 'private' | 'public';

export interface ProjectDefinition {
  /** Path with namespace, for example `acme/shop`. */
  path: string;
  description?: string;
  /** Whether it is read without a login. Default `private`. */
  visibility?: Visibility;
  /** Default `main`. */
  defaultBranch?: string;
  /** Project variables, where GitLab keeps secrets. */
  variables?: VariableDefinitions;
  /** Default 20 as in GitLab; 0 clones everything. */
  gitDepth?: number;
  /** Seconds. Default 3600. */
  buildTimeout?: number;
  /** Paths of the projects whose job tokens may read this one, besides its own. Default none. */
  jobTokenAllowlist?: readonly string[];
  /** A newer pipeline of the same branch cancels older ones of which nothing has begun that may not be interrupted. Default false. */
  autoCancelRedundantPipelines?: boolean;
  /** Default: the default branch, as in GitLab. */
  protectedBranches?: readonly string[];
}

export interface RunnerDefinition {
  description?: string;
  tags?: readonly string[];
  /** Takes jobs without tags. Default true. */
  runUntagged?: boolean;
  paused?: boolean;
  /** `ref_protected`: takes jobs of protected branches only. Default `not_protected`. */
  accessLevel?: 'not_protected' | 'ref_protected';
  /** Default: a new `glrt-` token. */
  token?: string;
}
