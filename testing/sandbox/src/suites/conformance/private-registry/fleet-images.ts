import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import type { GitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import type { PrivateRegistry } from './start-private-registry.ts';

/** Project whose images a fleet opens to all its jobs. */
const PROJECT = 'fleet/images';
/** Registry that the fleet has a mirror for; there is none of that name. */
const MIRRORED = 'mirrored.example.com';

/** What a fleet says of registries. */
export interface FleetRegistries {
  registryCredentials: Record<string, string>;
  registryMirrors: Record<string, string>;
}

/**
 * Makes what whoever runs a fleet makes: images in a project of their own, and a secret with its deploy token. What of the
 * registry it opens is narrower than the registry.
 * @param endpoint the AWS emulator's
 */
export async function giveFleetImages(
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
  const place = `${registry.host}/${PROJECT}`;
  return { registryCredentials: { [place]: ARN }, registryMirrors: { [MIRRORED]: place } };
}
