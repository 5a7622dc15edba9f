import { DeleteParametersCommand, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { chunks, type ResourceKind } from './resource-kind.ts';

/** DeleteParameters takes at most ten. */
const PER_CALL = 10;

/**
 * Parameters below the installation's prefix: the secrets, and settings that no stack owns.
 * @param ofStacks names of those that a stack removes
 */
export function parameters(ssm: SSMClient, prefix: string, ofStacks: ReadonlySet<string>): ResourceKind {
  return {
    what: 'secrets and settings in Parameter Store',
    async list() {
      const names: string[] = [];
      const query = { Path: prefix, Recursive: true, WithDecryption: false };
      for await (const { Parameters = [] } of paginateGetParametersByPath({ client: ssm }, query))
        names.push(...Parameters.map(({ Name = '' }) => Name));
      return names.filter((name) => !ofStacks.has(name)).sort();
    },
    async remove(names) {
      for (const Names of chunks(names, PER_CALL)) await ssm.send(new DeleteParametersCommand({ Names }));
      return [];
    },
  };
}
