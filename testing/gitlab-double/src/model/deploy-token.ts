import type { Project } from './project.ts';

/** Scopes of a deploy token that the container registry distinguishes. */
export type DeployTokenScope = 'read_registry' | 'write_registry' | 'read_repository';

/** A deploy token: a user name and a password for some projects, not bound to a user. */
export interface DeployToken {
  id: number;
  username: string;
  token: string;
  projects: readonly Project[];
  scopes: readonly DeployTokenScope[];
  revoked: boolean;
}

export interface DeployTokenDefinition {
  /** The projects that it grants access to. */
  projects: readonly Project[];
  /** Default `read_registry`. */
  scopes?: readonly DeployTokenScope[];
}
