import { eventNames } from '@serverless-gitlab-runner/shared-events';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { stackOf } from './support/synthesise.ts';

const schemaType = 'AWS::EventSchemas::Schema';
const contentSchema = z.object({
  openapi: z.literal('3.0.0'),
  components: z.object({
    schemas: z.object({ AWSEvent: z.object({ 'x-amazon-events-detail-type': z.string() }) }),
  }),
});

describe("EventBridge's schema registry", () => {
  it('is not made unless it is asked for, since some regions have none', () => {
    stackOf('shared', {}).resourceCountIs(schemaType, 0);
  });

  it('has the schema of every event', () => {
    const template = stackOf('shared', { schemaRegistry: true });
    template.hasResourceProperties('AWS::EventSchemas::Registry', {
      RegistryName: 'serverless-gitlab-runner',
    });
    const schemas = Object.values(template.findResources(schemaType)).map(({ Properties }) => Properties);
    expect(schemas.map(({ SchemaName }) => SchemaName).sort()).toEqual(
      eventNames.map((name) => `serverless-gitlab-runner@${name}`).sort(),
    );
    for (const { SchemaName, Content } of schemas) {
      const { components } = contentSchema.parse(JSON.parse(Content));
      expect(SchemaName).toContain(`@${components.schemas.AWSEvent['x-amazon-events-detail-type']}`);
    }
  });
});
