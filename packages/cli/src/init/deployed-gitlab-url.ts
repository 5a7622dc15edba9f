import { describeStack, outputsOf } from '@serverless-gitlab-runner/aws/stacks';
import { SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import { type Clients, createClients } from '../clients.ts';
import { readDeployedSettings } from '../settings/deployed-settings.ts';

/** The GitLab of a deployed fleet, or of any other one if it is new; undefined before the first deployment. */
export async function deployedGitLabUrl(
  fleet: string,
  { cloudFormation, ssm }: Pick<Clients, 'cloudFormation' | 'ssm'> = createClients(),
): Promise<string | undefined> {
  const prefix = outputsOf(await describeStack(cloudFormation, SHARED_STACK)).get('ParameterPrefix');
  const fleets = prefix === undefined ? [] : ((await readDeployedSettings(ssm, prefix))?.fleets ?? []);
  const gitlabUrl = (fleets.find(({ name }) => name === fleet) ?? fleets[0])?.gitlabUrl;
  return typeof gitlabUrl === 'string' ? gitlabUrl : undefined;
}
