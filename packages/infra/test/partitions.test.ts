import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NoBudgetsInRegionError } from '../src/index.ts';
import { inRegion } from './support/in-region.ts';
import { synthesise } from './support/synthesise.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CONTEXT = {
  cache: {},
  jobImageRepositories: ['team/*'],
  fleets: [{ name: 'default', job: { architectures: ['X86_64', 'ARM64'] } }, { name: 'a-b' }],
};

/** Services' principals, which are the same in every partition. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
const PRINCIPAL = /\b(apigateway|budgets|ecs|ecs-tasks|events|lambda|scheduler)\.amazonaws\.com\b(?!\.)/g;
/** A partition or a DNS suffix that stands in a text as it is. */
const HARD_CODED = /\barn:aws[\w-]*:|\bamazonaws\.com\b|\bapi\.aws\b/;

const isHardCoded = (text: string) => HARD_CODED.test(text.replaceAll(PRINCIPAL, ''));

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe.each(['us-east-1', 'cn-north-1', 'us-gov-west-1'])('templates for %s', (region) => {
  const templates = inRegion(region, () => synthesise(CONTEXT));

  it('name no partition and no DNS suffix', () => {
    const texts = Object.values(templates).flatMap((template) => textsOf(template.toJSON()));
    expect(texts.length).toBeGreaterThan(500);
    expect(texts.filter(isHardCoded)).toEqual([]);
  });
});

describe('what GitLab calls', () => {
  const types = (region: string, context = {}) => {
    const template = inRegion(region, () => synthesise(context))['webhook-receiver'];
    const found = ['AWS::Lambda::Url', 'AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage'];
    return found.filter((type) => Object.keys(template?.findResources(type) ?? {}).length > 0);
  };
  const URL_ONLY = ['AWS::Lambda::Url'];
  const API = ['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage'];

  it.each([
    ['us-east-1', URL_ONLY],
    ['eu-south-2', API],
    ['cn-north-1', API],
    ['us-gov-west-1', API],
  ])('in %s is %j', (region, expected) => {
    expect(types(region)).toEqual(expected);
  });

  it('is what was asked for', () => {
    expect(types('us-east-1', { webhookEndpoint: 'http-api' })).toEqual(API);
    expect(types('cn-north-1', { webhookEndpoint: 'function-url' })).toEqual(URL_ONLY);
  });

  it('gets the same event behind an HTTP API, and its URL ends in a slash', () => {
    const template = inRegion('cn-north-1', () => synthesise({}))['webhook-receiver'];
    template?.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
    });
    template?.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: '$default',
      AuthorizationType: 'NONE',
    });
    const url = textsOf(template?.toJSON().Outputs.WebhookUrl.Value);
    expect(url.at(-1)).toMatch(/\/$/);
  });
});

it('a budget in a region whose CloudFormation has none is refused', () => {
  const context = { budget: { monthlyUsd: 10, email: 'ops@example.com' } };
  expect(() => inRegion('us-gov-west-1', () => synthesise(context))).toThrow(NoBudgetsInRegionError);
});

/** Sources of what is deployed; the sandbox, its doubles and the model stand in for AWS, in one partition. */
const PRODUCT = [
  'aws',
  'runner-manager',
  'fleet',
  'idle-reaper',
  'infra',
  'runner-launcher',
  'shared-events',
  'webhook-receiver',
].map((name) => `packages/${name}/src`);

/** Lines that name one, and why they may. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['packages/aws/src/ecs-tasks/facts-for-tests.ts', 'facts for tests'],
  ['packages/fleet/src/fleet-config.ts', 'an example in a message'],
  ['packages/infra/src/constructs/fleet-document.ts', 'the length of the longest ARN'],
];

describe('sources of what is deployed', () => {
  it('name no partition and no DNS suffix', () => {
    const files = [...PRODUCT, 'images/runner', 'images/job-base', 'packages/runner-manager/hooks'].flatMap(
      (folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name)),
    );
    const found = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => !/^\s*(\*|\/\/|\/\*\*)/.test(line) && isHardCoded(line.replace(/\/\/ .*$/, '')))
        .map((line) => `${relative(ROOT, file)}: ${line.trim()}`),
    );
    expect(files.length).toBeGreaterThan(150);
    expect(found.filter((line) => !ACCEPTED.some(([file]) => line.startsWith(file)))).toEqual([]);
    expect(ACCEPTED.filter(([file]) => !found.some((line) => line.startsWith(file)))).toEqual([]);
  });
});
