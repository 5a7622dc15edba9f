import type { VariableDefinitions, Visibility } from './definitions.ts';

export interface Project {
  id: number;
  /** Path with namespace: `acme/shop`. */
  path: string;
  name: string;
  namespace: string;
  description: string;
  visibility: Visibility;
  defaultBranch: string;
  variables: VariableDefinitions;
  gitDepth: number;
  buildTimeout: number;
  jobTokenAllowlist: readonly string[];
  autoCancelRedundantPipelines: boolean;
  protectedBranches: readonly string[];
  /** Large files (Git LFS) by object id. */
  largeFiles: Map<string, Buffer>;
  /** Directory of the bare repository. */
  repository: string;
  /** Directory of the double's own clone, used by `pushCommit`. */
  workTree: string;
}

/** Whether a branch, and thus each pipeline that runs for it, is protected. */
export function isProtectedBranch(project: Project, branch: string): boolean {
  return project.protectedBranches.includes(branch);
}

/** Whether a job token of project `own` may read `project`: if it is the same, is public, or has `own` in its allowlist. */
export function mayReadWithJobToken(own: Project, project: Project): boolean {
  return own === project || project.visibility === 'public' || project.jobTokenAllowlist.includes(own.path);
}

/** The only user of the double. It pushes and owns everything. */
export const USER = {
  id: 1,
  name: 'Administrator',
  username: 'root',
  email: 'admin@example.com',
  avatar_url: null,
} as const;
