import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE_IMAGE, runCommand, tryCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_IMAGES } from '../../src/images/demo-images.ts';
import { HELPER_IMAGE, type JobContainers, jobContainersPool } from './support/job-containers.ts';

const { start, stopAll } = jobContainersPool();

afterAll(stopAll, 60_000);

/** A script like those of gitlab-runner: it names bash, uses only POSIX features, and needs grep and mkdir. */
const gitlabScript = (lines: string) => `#!/usr/bin/env bash

if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
set +o noclobber
: | eval '
mkdir -p /builds/project
cd /builds/project
${lines}
'
exit 0
`;

describe("a script in the job's image", () => {
  const noShell = `job-base-test-no-shell-${process.pid}:local`;
  const nobody = `job-base-test-nobody-${process.pid}:local`;

  beforeAll(async () => {
    // The only program of this image is `true`, which is not a shell.
    await build(
      noShell,
      `FROM ${DEMO_IMAGES.busybox} AS b\nFROM scratch\nCOPY --from=b /bin/busybox /bin/true\nENV KEPT=yes\n`,
    );
    await build(
      nobody,
      `FROM ${BASE_IMAGE}\nRUN rm -rf /tmp /usr/bin/grep /bin/grep && useradd --uid 1234 joe\nUSER joe\nENV KEPT=yes\nWORKDIR /srv\n`,
    );
  }, 120_000);

  afterAll(async () => {
    await tryCommand('docker', ['rmi', '-f', noShell, nobody]);
  });

  async function build(name: string, dockerfile: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'job-base-image-'));
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    await runCommand('docker', ['build', '--tag', name, folder]);
    await rm(folder, { recursive: true });
  }

  it.each([
    { what: 'with bash', image: BASE_IMAGE, shell: 'user=0 shell=/usr/local/sbin/../../../usr/bin/bash' },
    { what: 'with busybox', image: DEMO_IMAGES.busybox, shell: 'user=0 shell=/bin/sh' },
    {
      what: 'with only a POSIX sh',
      image: DEMO_IMAGES.posixSh,
      shell: 'user=0 shell=/.job-agent/bash --posix -O xpg_echo',
    },
    { what: 'without a shell', image: noShell, shell: 'user=0 shell=/.job-agent/busybox sh' },
    { what: 'of another user, without /tmp and grep', image: nobody, shell: 'user=1234 shell=/usr/bin/bash' },
  ])('runs $what', async ({ image, shell }) => {
    const job = await start({ image });
    expect(job.ready.replace(/shell=.*\/bash$/, 'shell=bash')).toBe(
      shell.replace(/shell=.*\/bash$/, 'shell=bash'),
    );
    const { output, end } = await job.run(
      'build_script',
      gitlabScript('echo "it is $((40 + 2))"\npwd\nexit 3'),
    );
    expect(output.toString()).toBe('it is 42\n/builds/project\n');
    expect(end).toBe('exit 3');
  });

  it("keeps the image's environment and working directory, and adds no variable of the agent", async () => {
    const job = await start({ image: nobody });
    const { output } = await job.run('build_script', 'pwd; echo "$KEPT"; env');
    const lines = output.toString().split('\n');
    expect(lines.slice(0, 2)).toEqual(['/srv', 'yes']);
    expect(output.toString()).not.toMatch(/SSH|DEAD_MAN|_agent/);
    expect(lines).toContain('SHLVL=1');
  });

  it('can write to the checked-out files as any user', async () => {
    const job = await start({ image: nobody });
    const clone = 'mkdir -p /builds/a/b; echo x > /builds/a/b/file; umask';
    expect((await job.run('get_sources', clone)).output.toString()).toBe('0000\n');
    const { output, end } = await job.run('build_script', 'echo y >> /builds/a/b/file; cat /builds/a/b/file');
    expect({ output: output.toString(), end }).toEqual({ output: 'x\ny\n', end: 'exit 0' });
  });

  it('owns the checked-out files: git and chmod work, and git still works in the helper', async () => {
    const job = await start({ image: HELPER_IMAGE, user: '1234:5678' });
    const clone =
      'mkdir /builds/a && cd /builds/a && git init -q && echo x > file && ln -s /etc/passwd link && git add .';
    expect((await job.run('get_sources', clone)).end).toBe('exit 0');
    // The helper's image, used for the job here, trusts every repository.
    const work =
      'export GIT_CONFIG_NOSYSTEM=1; cd /builds/a && git status --short && chmod +x file && echo y > new && stat -c "%u:%g" . .git/index file';
    expect(await job.run('step_script', work)).toEqual({
      output: Buffer.from('A  file\nA  link\n1234:5678\n1234:5678\n1234:5678\n'),
      end: 'exit 0',
    });
    const upload = 'cd /builds/a && git ls-files --others && stat -c %u /etc/passwd';
    expect((await job.run('upload_artifacts_on_success', upload)).output.toString()).toBe('new\n0\n');
  });

  it('runs as the user that the task definition names', async () => {
    const job = await start({ image: BASE_IMAGE, user: '4321:4321' });
    expect((await job.run('build_script', 'id -u; id -g')).output.toString()).toBe('4321\n4321\n');
  });
});

describe('a stage', () => {
  let job: JobContainers;

  beforeAll(async () => {
    job = await start({ image: BASE_IMAGE });
  });

  it.each([
    ['exit 0', 'exit 0'],
    ['exit 1', 'exit 1'],
    ['exit 255', 'exit 255'],
    ['kill -9 $$', 'exit 137'],
    ['kill -TERM $$', 'exit 143'],
    ['exec 1>&- 2>&-; exit 4', 'exit 4'],
  ])('whose script is "%s" ends with %s, in either container', async (script, end) => {
    for (const stage of ['build_script', 'get_sources']) {
      expect(await job.run(stage, script)).toEqual({ output: Buffer.alloc(0), end });
    }
  });

  it.each([
    ['build_script', 'build'],
    ['step_script', 'build'],
    ['step_release', 'build'],
    ['after_script', 'build'],
    ['prepare_script', 'helper'],
    ['get_sources', 'helper'],
    ['upload_artifacts_on_success', 'helper'],
    ['cleanup_file_variables', 'helper'],
  ])('%s runs in the %s container', async (stage, where) => {
    const { output } = await job.run(stage, 'command -v git > /dev/null && echo helper || echo build');
    expect(output.toString().trim()).toBe(where);
  });

  it('has its outputs merged in order, byte for byte', async () => {
    const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf "\\000\\001\\377 end"';
    const { output } = await job.run('build_script', script);
    const text = 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n';
    expect(output).toEqual(Buffer.from(`${text}\0\u0001\xff end`, 'latin1'));
  });

  it('has its output shown immediately', async () => {
    const stage = job.start(
      'build_script',
      'echo first; until [ -e /builds/go ]; do sleep 0.05; done; echo second',
    );
    await stage.prints('first');
    await job.run('get_sources', 'touch /builds/go');
    expect((await stage.result).output.toString()).toBe('first\nsecond\n');
  });

  it('transfers 200 MB without loss, at more than 10 MB/s', async () => {
    const bytes = 200_000_000;
    const startedAt = Date.now();
    const { output } = await job.run('build_script', `head -c ${bytes} /dev/zero | tr '\\0' x`);
    const seconds = (Date.now() - startedAt) / 1000;
    expect(output.length).toBe(bytes);
    expect(createHash('md5').update(output).digest('hex')).toBe(
      createHash('md5').update(Buffer.alloc(bytes, 'x')).digest('hex'),
    );
    expect(bytes / seconds / 1e6).toBeGreaterThan(10);
  });

  it('ends with its script and its complete output, although background processes keep the output open', async () => {
    const stage = job.start('build_script', 'sleep 1000 & seq 1 20000; exit 6');
    const { output, end } = await stage.result;
    expect(end).toBe('exit 6');
    expect(output.toString().trimEnd().split('\n').at(-1)).toBe('20000');
  });

  it('does not inherit ignored signals: SIGINT and SIGPIPE work as in a terminal', async () => {
    const script = 'grep SigIgn /proc/self/status; (yes; echo "yes ended with $?" >&2) | head -n 1';
    // head and the subshell write concurrently, so the order of their lines varies.
    const lines = (await job.run('build_script', script)).output.toString().trimEnd().split('\n');
    expect(lines.sort()).toEqual(['SigIgn:\t0000000000000000', 'y', 'yes ended with 141']);
  });

  it('has an empty standard input', async () => {
    expect((await job.run('build_script', 'cat; echo end\n# never read')).output.toString()).toBe('end\n');
  });

  it('leaves no file behind', async () => {
    await job.run('build_script', 'true');
    expect(
      (await job.run('build_script', 'ls /.job-agent/run | grep -v build_script')).output.toString(),
    ).toBe('ready\nrequests\n');
  });
});
