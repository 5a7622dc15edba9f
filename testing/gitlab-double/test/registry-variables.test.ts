import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Project } from '../src/index.ts';
import { call, type Fixture, singleStage, startFixture } from './helpers.ts';

const HOST = 'registry.example.com:5050';

describe('the registry variables of a job', () => {
  const payloadSchema = z.looseObject({
    variables: z.array(z.looseObject({ key: z.string(), value: z.string() })),
    credentials: z.array(z.unknown()),
  });
  const take = async ({ gitlab, runner }: Fixture, project: Project) => {
    const pipeline = await gitlab.createPipeline(project, singleStage({}));
    const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    const { variables, credentials } = payloadSchema.parse(await response.json());
    const registry = variables.filter(({ key: name }) => name.startsWith('CI_REGISTRY'));
    const values = Object.fromEntries(registry.map((variable) => [variable.key, variable.value]));
    return { values, credentials, token: pipeline.jobs[0]?.token };
  };

  it('contain its host, the image path in lower case, and credentials', async () => {
    const fixture = await startFixture();
    fixture.gitlab.enableRegistry({ host: HOST, key: 'no token is requested' });
    const project = await fixture.gitlab.createProject({ path: 'Acme/Mixed' });
    await fixture.gitlab.pushCommit(project, { files: { a: 'a' }, message: 'first' });
    const { values, credentials, token } = await take(fixture, project);
    expect(values).toEqual({
      CI_REGISTRY: HOST,
      CI_REGISTRY_IMAGE: `${HOST}/acme/mixed`,
      CI_REGISTRY_USER: 'gitlab-ci-token',
      CI_REGISTRY_PASSWORD: token,
    });
    expect(credentials).toEqual([
      { type: 'registry', url: HOST, username: 'gitlab-ci-token', password: token },
    ]);
  });

  it('contain only user and password without a registry', async () => {
    const without = await startFixture();
    const { values, credentials } = await take(without, without.project);
    expect(Object.keys(values).sort()).toEqual(['CI_REGISTRY_PASSWORD', 'CI_REGISTRY_USER']);
    expect(credentials).toEqual([]);
  });
});
