/**
 * Stands in for the AWS CLI, which is no npm package: `aws ssm put-parameter` with the options that the deployment's last screen
 * prints, read as the CLI reads them (`file://` for a value from a file). Anything else is refused.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

const [service, operation, ...args] = process.argv.slice(2);
if (service !== 'ssm' || operation !== 'put-parameter')
  throw new Error(`aws ${service} ${operation} is not played here`);
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
