import type { RunnerInfo } from '../runner-api/schemas.ts';

/** One machine that uses a runner's token (GitLab: runner manager), identified by its `system_id`. */
export interface RunnerManager {
  id: number;
  /** `<legacy>` for runners before 16.0, which send none. The value is GitLab's. */
  systemId: string;
  /** The `info` of its last request that had one; null if none had. */
  info: RunnerInfo | null;
  createdAt: Date;
  contactedAt: Date;
  /** Number of its job requests. */
  jobRequests: number;
}

/** An instance's runner takes jobs of all projects; a group's those of projects below its path. */
export type RunnerScope =
  | { type: 'instance_type' }
  | { type: 'group_type'; group: string }
  | { type: 'project_type'; projectIds: Set<number> };

/** A runner: its token, the jobs it may take, and the managers that used the token. */
export interface Runner {
  id: number;
  token: string;
  description: string;
  tags: readonly string[];
  runUntagged: boolean;
  paused: boolean;
  accessLevel: 'not_protected' | 'ref_protected';
  /** Whose jobs it takes. */
  scope: RunnerScope;
  revoked: boolean;
  createdAt: Date;
  managers: Map<string, RunnerManager>;
}
