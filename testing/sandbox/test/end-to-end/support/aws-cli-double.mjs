/**
 * Replaces the AWS CLI, which is not an npm package. Supports only `aws ssm put-parameter` with the options that a deployment
 * prints at its end, and interprets them like the CLI (`file://` reads a value from a file).
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

const [service, operation, ...args] = process.argv.slice(2);
if (service !== 'ssm' || operation !== 'put-parameter')
  throw new Error(`aws ${service} ${operation} is not supported by this double`);
const { values } = parseArgs({
  args,
  options: {
    type: { type: 'string' },
    name: { type: 'string' },
    value: { type: 'string', default: '' },
    region: { type: 'string', default: '' },
    overwrite: { type: 'boolean', default: false },
  },
});
const value = values.value.startsWith('file://')
  ? readFileSync(values.value.slice('file://'.length), 'utf8')
  : values.value;
await new SSMClient(values.region === '' ? {} : { region: values.region }).send(
  new PutParameterCommand({
    Type: values.type === 'SecureString' ? 'SecureString' : 'String',
    Name: values.name,
    Value: value,
    Overwrite: values.overwrite,
  }),
);
