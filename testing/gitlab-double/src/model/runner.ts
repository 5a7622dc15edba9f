import type { RunnerInfo } from '../runner-api/schemas.ts';

/** One machine that uses a runner's token (GitLab: runner manager), known by its `system_id`. */
export interface RunnerManager {
  id: number;
  /** `<legacy>` for runners older than 16.0, which send none; GitLab's own word for it. */
  systemId: string;
  /** What it last said of itself; null if it only verified without saying. */
  info: RunnerInfo | null;
  createdAt: Date;
  contactedAt: Date;
  /** Times it asked for a job. */
  jobRequests: number;
}

/** A runner: a token, what it may take, and the managers that were seen with it. */
export interface Runner {
  id: number;
  token: string;
  description: string;
  tags: readonly string[];
  runUntagged: boolean;
  paused: boolean;
  accessLevel: 'not_protected' | 'ref_protected';
  revoked: boolean;
  createdAt: Date;
  managers: Map<string, RunnerManager>;
}
