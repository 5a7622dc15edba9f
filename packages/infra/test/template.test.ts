import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { TEMPLATE_FILE, writeTemplate } from '../src/template/write-template.ts';
import { lintTemplates } from './support/python-linters.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const templateSchema = z.object({
  Parameters: z.record(z.string(), z.looseObject({ Default: z.union([z.string(), z.number()]).optional() })),
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.unknown()),
});

const folder = temporaryDirectory();
const codeFiles = writeTemplate(folder);
const text = readFileSync(join(folder, TEMPLATE_FILE), 'utf8');
const template = templateSchema.parse(JSON.parse(text));

const GIVEN = {
  VpcId: 'vpc-0a',
  SubnetIds: ['subnet-0a', 'subnet-0b'],
  GitLabUrl: 'https://gitlab.example.com',
  JobSettings: '{"size": {"cpu": 2048, "memory": 4096}}',
  AssignPublicIp: 'true',
};

/** A value as CloudFormation resolves it with these parameters and the others' defaults. */
function resolve(value: unknown, given: Readonly<Record<string, string | string[]>>): string | string[] {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = intrinsicSchema.parse(value);
  if (attribute !== undefined) return `sg-${attribute[0]}`;
  if (Ref !== undefined) return given[Ref] ?? String(template.Parameters[Ref]?.Default);
  const [separator, parts] = join ?? ['', []];
  const resolved = Array.isArray(parts)
    ? parts.flatMap((part) => resolve(part, given))
    : resolve(parts, given);
  return Array.isArray(resolved) ? resolved.join(separator) : resolved;
}

const intrinsicSchema = z.strictObject({
  Ref: z.string().optional(),
  'Fn::GetAtt': z.array(z.string()).optional(),
  'Fn::Join': z.tuple([z.string(), z.unknown()]).optional(),
});

function resourcesOf(type: string) {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

function documentOf(given: Readonly<Record<string, string | string[]>>): string {
  const [parameter, ...others] = resourcesOf('AWS::SSM::Parameter');
  expect(others).toEqual([]);
  return String(resolve(parameter?.Properties?.Value, given));
}

describe('the plain template', () => {
  it('has its code beside it, under names that change with the code', () => {
    expect(readdirSync(folder).sort()).toEqual([...Object.values(codeFiles), TEMPLATE_FILE].sort());
    for (const { Properties } of resourcesOf('AWS::Lambda::Function'))
      expect(Properties?.Code).toMatchObject({ S3Bucket: { Ref: 'CodeBucket' } });
    expect(writeTemplate(temporaryDirectory())).toEqual(codeFiles);
  });

  it('needs neither CDK nor a custom resource', () => {
    expect(text).not.toMatch(/cdk-hnb659fds|CDKMetadata|BootstrapVersion|Custom::/);
  });

  it('requires only parameters that nobody else can know', () => {
    const required = Object.entries(template.Parameters).filter(([, { Default }]) => Default === undefined);
    expect(required.map(([name]) => name)).toEqual([
      'CodeBucket',
      'VpcId',
      'SubnetIds',
      'ManagerImage',
      'HelperImage',
    ]);
  });

  it('writes a document that the services accept', () => {
    const fleet = parseFleetConfig('document', documentOf(GIVEN));
    expect(fleet).toMatchObject({
      name: 'default',
      gitlabUrl: 'https://gitlab.example.com',
      job: { size: { cpu: 2048, memory: 4096 }, maxSize: { cpu: 4096 } },
      ahead: { start: 'off' },
      network: { subnets: ['subnet-0a', 'subnet-0b'], assignPublicIp: true },
      safetyLaunchSeconds: 0,
    });
    expect(fleet.network.managerSecurityGroups).not.toEqual(fleet.network.jobSecurityGroups);
  });

  it('has settings that the services refuse by name if they are wrong', () => {
    const document = documentOf({ ...GIVEN, AheadSettings: '{"start": "soon"}' });
    expect(() => parseFleetConfig('document', document)).toThrow(/ahead\.start/);
  });

  it('opens the port of GitLab only if it is not HTTPS, and has dashboard and alarm topic by choice', () => {
    const conditional = Object.values(template.Resources).filter(({ Condition }) => Condition !== undefined);
    expect(conditional.map(({ Type, Condition }) => `${Type}: ${Condition}`)).toEqual([
      'AWS::CloudWatch::Dashboard: HasDashboard',
      'AWS::EC2::SecurityGroupEgress: HasOtherGitLabPort',
    ]);
    const alarms = resourcesOf('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(5);
    for (const { Properties } of alarms)
      expect(Properties?.AlarmActions).toEqual({
        'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmTopicArn' }], { Ref: 'AWS::NoValue' }],
      });
  });

  // Its resources are those of the stacks, which are linted for every region.
  it('is one that cfn-lint accepts', { timeout: 300_000 }, () => {
    const findings = lintTemplates([join(folder, TEMPLATE_FILE)], ['eu-west-1']);
    expect(findings.filter((finding) => !finding.includes('W3005'))).toEqual([]);
  });
});
