import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trustAuthoritiesOf } from '../src/gitlab/trust-authorities.ts';

const tls = (name: string) =>
  readFileSync(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url), 'utf8');
const before = getCACertificates('default');
let server: Server;

beforeEach(async () => {
  server = createServer({ cert: tls('localhost.crt'), key: tls('localhost.key') }, (_, answer) =>
    answer.end('hello'),
  );
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
});

afterEach(async () => {
  setDefaultCACertificates(before);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it.each([
  ['is trusted by the authority of any fleet', ['ca.crt', undefined], true],
  ['is trusted by a valid authority next to an invalid one', ['invalid', 'ca.crt'], true],
  ['is not trusted by another authority', ['other-ca.crt'], false],
  ['is not trusted without authorities', [undefined], false],
])('a GitLab with an authority of its own %s', async (_title, stored, isTrusted) => {
  const fleets = stored.map((name) => ({
    certificateAuthorities: name === 'invalid' ? 'not a certificate' : name && tls(name),
  }));
  trustAuthoritiesOf(fleets);
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const answer = await fetch(url).then(
    (response) => response.text(),
    (error: Error) => (error.cause as Error & { code?: string }).code,
  );
  expect(answer).toEqual(isTrusted ? 'hello' : expect.stringMatching(/CERT|SIGNATURE/));
});
