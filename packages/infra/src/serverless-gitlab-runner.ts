import { Construct } from 'constructs';
import type { FleetResources } from './constructs/fleet-resources.ts';
import { IdleReaper, type IdleReaperProps } from './constructs/idle-reaper.ts';
import { RunnerLauncher, type RunnerLauncherProps } from './constructs/runner-launcher.ts';
import { SharedResources, type SharedResourcesProps } from './constructs/shared-resources.ts';
import { WebhookReceiver, type WebhookReceiverProps } from './constructs/webhook-receiver.ts';

type Without<Props> = Omit<Props, 'installation' | 'alarmActions'>;

export interface ServerlessGitlabRunnerProps extends SharedResourcesProps {
  /** @default the receiver's defaults */
  readonly webhookReceiver?: Without<WebhookReceiverProps>;
  /** @default the launcher's defaults */
  readonly runnerLauncher?: Without<RunnerLauncherProps>;
  /** @default the reaper's defaults */
  readonly idleReaper?: Without<IdleReaperProps>;
}

/** The installation has no fleet of that name. */
export class UnknownFleetError extends Error {
  override readonly name = 'UnknownFleetError';
}

/**
 * The whole installation, for a stack of your own; no property is required. It does not contain the secrets: store them in SSM
 * with the commands of `secretCommands`.
 */
export class ServerlessGitlabRunner extends Construct {
  readonly shared: SharedResources;
  readonly webhookReceiver: WebhookReceiver;
  readonly runnerLauncher: RunnerLauncher;
  readonly idleReaper: IdleReaper;

  constructor(scope: Construct, id: string, props: ServerlessGitlabRunnerProps = {}) {
    super(scope, id);
    const { webhookReceiver, runnerLauncher, idleReaper, ...shared } = props;
    this.shared = new SharedResources(this, 'Shared', shared);
    const { alarmActions = [] } = shared;
    const common = { installation: this.shared, alarmActions };
    this.webhookReceiver = new WebhookReceiver(this, 'WebhookReceiver', { ...common, ...webhookReceiver });
    this.runnerLauncher = new RunnerLauncher(this, 'RunnerLauncher', { ...common, ...runnerLauncher });
    this.idleReaper = new IdleReaper(this, 'IdleReaper', { ...common, ...idleReaper });
  }

  /**
   * A fleet's resources. Grants go to its managers, connections to its job tasks.
   * @throws {UnknownFleetError}
   */
  fleet(name: string): FleetResources {
    const fleet = this.shared.fleetResources.get(name);
    if (fleet === undefined) {
      const names = [...this.shared.fleetResources.keys()].join(', ');
      throw new UnknownFleetError(`There is no fleet "${name}": choose one of ${names}`);
    }
    return fleet;
  }
}
