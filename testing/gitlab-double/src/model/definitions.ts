import type { RunnerScope } from './runner.ts';

/** The contents of a `.gitlab-ci.yml` as tests and the demo define them. Keys are GitLab's, in camel case. */

/** A CI/CD variable: a plain value, or one with the options that GitLab's settings page offers. */
export type VariableDefinition =
  | string
  | {
      value: string;
      /** The runner hides the value in the job log. Default false. */
      masked?: boolean;
      /** The job gets the path of a file that holds the value. Default false. */
      file?: boolean;
      /** References such as `$other` in the value are not expanded. Default false. */
      raw?: boolean;
      /** May be shown, for example in debug output of a job. Default: true unless masked. */
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
  /** A name, or files whose last commits determine the key. Default `default`. */
  key?: string | { files: readonly string[]; prefix?: string | undefined };
  /** Protected branches share the cache with unprotected ones. Default false. */
  unprotect?: boolean;
  paths: readonly string[];
  untracked?: boolean;
  /** `pull-push`, `pull`, `push`, or a variable that the runner expands. Default `pull-push`. */
  policy?: string;
  when?: RunWhen;
  fallbackKeys?: readonly string[];
}

/** `retry:`: a new job of the same name automatically replaces a failed one. */
export interface RetryDefinition {
  max: number;
  /** Failure reasons. Default: `always`, or none if exit codes are given. */
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
  /** Names of jobs whose artifacts are downloaded. Default: all of `needs`, else all of earlier stages. */
  dependencies?: readonly string[];
  /** Names of jobs to wait for instead of the earlier stages. */
  needs?: readonly string[];
  /** Seconds. The runner enforces it. Default: the project's `buildTimeout`. */
  timeout?: number;
  /** Always, or only with these exit codes. */
  allowFailure?: boolean | { exitCodes: readonly number[] };
  retry?: RetryDefinition;
  /** May be canceled when a newer pipeline makes it redundant. Default false. */
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
  /** Like `variables:` at the top level of a `.gitlab-ci.yml`. */
  variables?: VariableDefinitions;
  /** The trigger, for `CI_PIPELINE_SOURCE` and the Pipeline Hook. Default `push`. */
  source?: string;
  /** The pipeline and job that triggered this one; adds `source_pipeline` to the hooks. */
  sourcePipeline?: { projectId: number; pipelineId: number; jobId: number };
}

export type Visibility = 'private' | 'public';

export interface ProjectDefinition {
  /** Path with namespace, for example `acme/shop`. */
  path: string;
  description?: string;
  /** A public project can be read without credentials. Default `private`. */
  visibility?: Visibility;
  /** Default `main`. */
  defaultBranch?: string;
  /** Project variables; in GitLab, secrets belong here. */
  variables?: VariableDefinitions;
  /** Default 20 as in GitLab; 0 clones everything. */
  gitDepth?: number;
  /** Seconds. Default 3600. */
  buildTimeout?: number;
  /** Paths of other projects whose job tokens may read this one. Default none. */
  jobTokenAllowlist?: readonly string[];
  /** A newer pipeline of the same branch cancels older ones without a started uninterruptible job. Default false. */
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
  /** Default: the instance's. */
  scope?: RunnerScope;
  /** Default: a generated `glrt-` token. */
  token?: string;
}
