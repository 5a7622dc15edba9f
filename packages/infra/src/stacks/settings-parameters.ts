import { fleetSettingsPath, installationSettingsName } from '@serverless-gitlab-runner/fleet';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { AppSettings } from '../app-settings.ts';

/**
 * The app's settings as written, in Parameter Store: a later deployment from another machine reads them there, changes some, and
 * deploys again (`sgr init`, `sgr fleet edit`). They are resources rather than the template's metadata or outputs, because
 * CloudFormation does not update those alone. Secrets are not among an app's settings.
 */
export class SettingsParameters extends Construct {
  constructor(scope: Construct, id: string, { given, fleets, parameterPrefix }: AppSettings) {
    super(scope, id);
    const { fleets: _, ...rest } = given;
    this.addParameter('Installation', installationSettingsName(parameterPrefix), rest);
    for (const fleet of fleets)
      this.addParameter(`Fleet-${fleet.name}`, `${fleetSettingsPath(parameterPrefix)}${fleet.name}`, fleet);
  }

  /** More than 4,096 characters, which a fleet rarely has, need an advanced parameter ($0.05 a month). */
  private addParameter(id: string, parameterName: string, settings: object): void {
    const tier = ParameterTier.INTELLIGENT_TIERING;
    new StringParameter(this, id, { parameterName, stringValue: JSON.stringify(settings), tier });
  }
}
