import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Names of the packages in node_modules that a module loads, as Node reports them. CDK's are CommonJS. */
function loadedPackages(module: string): string[] {
  const program = `await import(${JSON.stringify(module)});
    const loaded = Object.keys((await import('node:module')).createRequire(import.meta.url).cache);
    process.stdout.write(JSON.stringify(loaded));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  const paths: string[] = JSON.parse(output);
  return [...new Set(paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path))];
}

it('operating an installation does not load the CDK library', () => {
  const [operate, constructs] = [
    loadedPackages('@serverless-gitlab-runner/infra/operate'),
    loadedPackages('@serverless-gitlab-runner/infra'),
  ];
  expect(constructs).toContain('aws-cdk-lib');
  expect(operate).toContain('@aws-sdk/client-cloudformation');
  expect(operate).not.toContain('aws-cdk-lib');
  expect(operate).not.toContain('constructs');
});
