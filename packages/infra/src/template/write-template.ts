/** Writes the plain template, and the services' code for it. */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '@serverless-gitlab-runner/fleet';
import { App } from 'aws-cdk-lib';
import { type Zippable, zipSync } from 'fflate';
import { PACKAGE_DIRECTORY, productFile } from '../product-files.ts';
import type { DefaultImages } from './parameters.ts';
import { TemplateStack, type TemplateStackProps } from './template-stack.ts';

export const TEMPLATE_FILE = 'template.json';

/** The same files are the same archive, whenever it is made. ZIP has no year before 1980. */
const MODIFIED = new Date('2000-01-01T00:00:00Z');

/**
 * Writes `template.json` and a .zip file of each service, named by its content, so that a stack is updated when code changes.
 * @param images of a release, which are defaults of the template. Default: none, so users must name theirs
 * @returns the names of the .zip files
 */
export function writeTemplate(
  folder: string,
  images: DefaultImages = {},
): Readonly<Record<ServiceName, string>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const codeFiles = {
    'webhook-receiver': writeCode('webhook-receiver', folder),
    'runner-launcher': writeCode('runner-launcher', folder),
    'idle-reaper': writeCode('idle-reaper', folder),
  };
  const template = synthesiseTemplate({ codeFiles, images });
  writeFileSync(join(folder, TEMPLATE_FILE), `${JSON.stringify(template, null, 2)}\n`);
  return codeFiles;
}

/** The template as CloudFormation takes it, without the check of what `cdk bootstrap` creates. */
export function synthesiseTemplate(props: TemplateStackProps): Record<string, unknown> {
  const outdir = mkdtempSync(join(tmpdir(), 'serverless-gitlab-runner-template-'));
  try {
    const { context } = JSON.parse(readFileSync(join(PACKAGE_DIRECTORY, 'cdk.json'), 'utf8'));
    const app = new App({ outdir, context });
    const stack = new TemplateStack(app, props);
    const { Rules: _, ...template } = app.synth().getStackArtifact(stack.artifactId).template;
    const { BootstrapVersion: __, ...parameters } = template.Parameters;
    return { ...template, Parameters: parameters };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function writeCode(service: ServiceName, folder: string): string {
  const bundle = productFile(`packages/${service}/dist`);
  const files: Zippable = Object.fromEntries(
    globSync('**', { cwd: bundle, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(bundle.length + 1), [readFileSync(path), { mtime: MODIFIED }]]),
  );
  const archive = zipSync(files, { level: 9 });
  const name = `${service}-${createHash('sha256').update(archive).digest('hex').slice(0, 16)}.zip`;
  writeFileSync(join(folder, name), archive);
  return name;
}
