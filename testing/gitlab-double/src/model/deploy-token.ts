import type { Project } from './project.ts';

/** What a deploy token may do, as far as the container registry asks. */
export type DeployTokenScope = 'read_registry' | 'write_registry' | 'read_repository';

/** A deploy token: a user name and a password that open some projects, whoever has them. */
export interface DeployToken {
  id: number;
  username: string;
  token: string;
  projects: readonly Project[];
  scopes: readonly DeployTokenScope[];
  revoked: boolean;
}

export interface DeployTokenDefinition {
  /** What it opens. */
  projects: readonly Project[];
  /** Default `read_registry`. */
  scopes?: readonly DeployTokenScope[];
}
