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
  /** Directory of the double's own clone, in which `pushCommit` works. */
  workTree: string;
}

/** Whether a branch is protected, and so the pipelines that run for it. */
export function isProtectedBranch(project: Project, branch: string): boolean {
  return project.protectedBranches.includes(branch);
}

/** Whether the token of a job of one project reads another: its own, public ones, and those that have it on their list. */
export function mayReadWithJobToken(own: Project, project: Project): boolean {
  return own === project || project.visibility === 'public' || project.jobTokenAllowlist.includes(own.path);
}

/** The one user of the double, who pushes and owns everything. */
export const USER = {
  id: 1,
  name: 'Administrator',
  username: 'root',
  email: 'admin@example.com',
  avatar_url: null,
} as const;
