import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import type { GitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import type { PrivateRegistry } from './start-private-registry.ts';

/** Project whose images a fleet makes available to all its jobs. */
const PROJECT = 'fleet/images';
/** Registry that the fleet has a mirror for. It does not exist. */
const MIRRORED = 'mirrored.example.com';

/** A fleet's settings of registries. */
export interface FleetRegistries {
  registryCredentials: Record<string, string>;
  registryMirrors: Record<string, string>;
}

/**
 * Creates what a fleet's administrator creates: images in a project of their own, and a secret with the project's deploy token.
 * The token gives access to a part of the registry only.
 * @param endpoint of the AWS emulator
 */
export async function createFleetImages(
  gitlab: GitLabDouble,
  registry: PrivateRegistry,
  endpoint: string,
): Promise<FleetRegistries> {
  const project = await gitlab.createProject({ path: PROJECT });
  await registry.push(DEMO_IMAGES.busybox, `${PROJECT}/app:1`);
  await registry.push(DEMO_IMAGES.busybox, `${PROJECT}/mirrored:1`);
  const { username, token: password } = gitlab.createDeployToken({ projects: [project] });
  const { ARN = '' } = await new SecretsManagerClient(emulatorClient(endpoint)).send(
    new CreateSecretCommand({
      Name: 'conformance-fleet-login',
      SecretString: JSON.stringify({ username, password }),
    }),
  );
  const path = `${registry.host}/${PROJECT}`;
  return { registryCredentials: { [path]: ARN }, registryMirrors: { [MIRRORED]: path } };
}
