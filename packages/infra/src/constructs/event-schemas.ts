import { readFileSync } from 'node:fs';
import { EVENT_SOURCE, eventNames } from '@serverless-gitlab-runner/shared-events';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';
import { productFile } from '../product-files.ts';

export interface EventSchemasProps {
  readonly registryName: string;
}

/**
 * The events' schemas in a registry of EventBridge, from which consumers download code bindings. Free, but some regions have no
 * registries.
 */
export class EventSchemas extends Construct {
  constructor(scope: Construct, id: string, { registryName }: EventSchemasProps) {
    super(scope, id);
    const registry = new CfnRegistry(this, 'Registry', {
      registryName,
      description: 'Events of serverless-gitlab-runner: jobs, managers and job tasks',
    });
    for (const name of eventNames)
      new CfnSchema(this, name, {
        registryName: registry.attrRegistryName,
        schemaName: `${EVENT_SOURCE}@${name}`,
        type: 'OpenApi3',
        content: contentOf(name),
      });
  }
}

/** Without line breaks: a template has at most a million bytes. */
function contentOf(name: string): string {
  const file = productFile(`packages/shared-events/schemas/openapi/${name}.json`);
  return JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
}
