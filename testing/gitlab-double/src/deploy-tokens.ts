import { randomBytes } from 'node:crypto';
import type { Instance } from './instance.ts';
import type { DeployToken, DeployTokenDefinition } from './model/deploy-token.ts';

/** Creates a deploy token as a project's settings do, with GitLab's default user name. */
export function createDeployToken(instance: Instance, definition: DeployTokenDefinition): DeployToken {
  const id = instance.nextId('deployToken');
  const deployToken = {
    id,
    username: `gitlab+deploy-token-${id}`,
    token: `gldt-${randomBytes(15).toString('base64url')}`,
    projects: definition.projects,
    scopes: definition.scopes ?? ['read_registry'],
    revoked: false,
  };
  instance.deployTokens.push(deployToken);
  return deployToken;
}
