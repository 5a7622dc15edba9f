import { describe, expect, it, vi } from 'vitest';
import { emulatorEnvironment } from '../src/deploy/emulator-environment.ts';
import { DeployError, runCdk } from '../src/deploy/run-cdk.ts';

describe('the CDK CLI', () => {
  it('runs with the current Node, not the one in PATH', async () => {
    const lines: string[] = [];
    await runCdk(['--version'], { log: (line) => lines.push(line), environment: { PATH: '/nowhere' } });
    expect(lines.join('\n')).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('throws an error with its last output if it fails', async () => {
    const failing = runCdk(['synth', '--app', 'echo the app is broken >&2; exit 3'], {
      log: () => undefined,
    });
    await expect(failing).rejects.toThrow(DeployError);
    await expect(failing).rejects.toThrow(/cdk synth ended with 1:.*the app is broken/s);
  });

  it('ends on abort, with the app that it started', async () => {
    const abort = new AbortController();
    let app = 0;
    const running = runCdk(['synth', '--app', 'echo started $$; exec sleep 60'], {
      log: (line) => {
        app = Number(line.replace('started ', ''));
        abort.abort();
      },
      signal: abort.signal,
    });
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(app).toBeGreaterThan(0);
    // init needs time to reap the process.
    await vi.waitFor(() => expect(() => process.kill(app, 0)).toThrow('ESRCH'), { timeout: 5000 });
  });
});

describe("an emulator's environment", () => {
  it('contains no credentials of the user, and bypasses proxies', () => {
    expect(emulatorEnvironment('http://172.20.0.2:4566', 'eu-west-1')).toMatchObject({
      AWS_ENDPOINT_URL: 'http://172.20.0.2:4566',
      AWS_ENDPOINT_URL_S3: 'http://172.20.0.2:4566',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_PROFILE: undefined,
      AWS_SESSION_TOKEN: undefined,
      AWS_REGION: 'eu-west-1',
      NO_PROXY: expect.stringMatching(/^172\.20\.0\.2/),
    });
  });
});
