import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGitLabReader } from '../src/gitlab-reader.ts';
import { jobJson, json } from './support/gitlab.ts';

const file = (name: string) =>
  readFileSync(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url), 'utf8');

let gitlab: Server;

beforeAll(async () => {
  gitlab = createServer({ cert: file('localhost.crt'), key: file('localhost.key') }, (_request, response) =>
    json(response, 200, jobJson(7)),
  );
  await new Promise<void>((resolve) => gitlab.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  gitlab.close();
  gitlab.closeAllConnections();
});

it.each([
  ['reached with its authority', file('ca.crt'), { kind: 'ok', value: { id: 7 } }, []],
  [
    'not reached without one, and it is read again next time',
    undefined,
    { kind: 'failed', why: 'unreachable', detail: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    ['default'],
  ],
])('a GitLab with an authority of its own is %s', async (_title, authorities, expected, forgotten) => {
  const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
  const gitlabUrl = `https://localhost:${(gitlab.address() as AddressInfo).port}`;
  const document = { version: 1, name: 'default', gitlabUrl, network, gitlabApi: {} };
  const fleet = parseFleetConfig('/p/fleets/default/config', JSON.stringify(document));
  const seen: string[] = [];
  const tokens = {
    read: async () => ({ token: 'token', authorities }),
    forget: (name: string) => void seen.push(name),
  };
  expect(await createGitLabReader(tokens, systemTiming).job(fleet, 1, 7)).toMatchObject(expected);
  expect(seen).toEqual(forgotten);
});
