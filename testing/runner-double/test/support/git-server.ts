import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SETUP = `
git init -q -b main work && cd work
git config user.email a@example.com && git config user.name n
echo one > file && git add . && git commit -q -m one
git rev-parse HEAD
git clone -q --bare . ../origin.git && cd ../origin.git && git update-server-info
`;

/** Serves a repository with one commit as plain files over HTTP with password authentication. */
export async function startGitServer(password: string) {
  const directory = mkdtempSync(join(tmpdir(), 'git-server-'));
  const env = { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1' };
  const sha = execFileSync('sh', ['-ec', SETUP], { cwd: directory, env, encoding: 'utf8' }).trim();
  const expected = `Basic ${Buffer.from(`gitlab-ci-token:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end();
      return;
    }
    const path = (request.url ?? '').split('?')[0] ?? '';
    readFile(join(directory, path)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    sha,
    host,
    repoUrl: `http://gitlab-ci-token:${password}@${host}/origin.git`,
    stop: () => {
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
