import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import type { CaseResult } from './run-suite.ts';

const INTRODUCTION = `# What of \`.gitlab-ci.yml\` works

Made by \`npm run conformance\` from its report; do not edit it. Each line is jobs of a real repository (in
\`testing/sandbox/conformance\`) that went from a webhook through launcher, manager and a task of their own, and were looked at
as GitLab and ECS saw them. "fail" is what is known not to work.
`;

/** What no run can show, since it is the runner's own configuration or GitLab's side. */
const NEVER = [
  "`privileged`, host mounts and devices of a runner's `config.toml`: Fargate has none. Build images with kaniko: [building-images.md](building-images.md).",
  'Interactive web terminals: the custom executor has none. Log more, or run the image on your own machine.',
  '`CI_DEBUG_SERVICES`: what services write stays in their task; the job log has the last lines of one that died.',
  "Folders of the runner's host, such as a shared `/cache`: each job has a disk of its own. Use `cache:`, on S3.",
  'Windows and macOS images: fleets run Linux containers on x86_64 and ARM64. Keep another runner for those jobs.',
];

/** Writes `docs/conformance.md`. */
export function writeDocument(results: readonly CaseResult[], runner: string): void {
  writeFileSync(join(REPOSITORY_ROOT, 'docs/conformance.md'), renderDocument(results, runner));
}

/** The page, from a report with all cases. */
export function renderDocument(results: readonly CaseResult[], runner: string): string {
  const works = results.filter(({ why, status }) => status === 'fail' || why === '');
  const refused = results.filter(({ why, status }) => status === 'pass' && why !== '');
  const failed = results.filter(({ status }) => status === 'fail').length;
  return [
    INTRODUCTION,
    `${results.length} cases with ${runner}: ${results.length - failed} passed, ${failed} failed.`,
    '',
    '| keyword | case | |',
    '|---|---|---|',
    ...works.map((result) => `| ${cell(result.keyword)} | ${cell(result.case)} | ${decision(result)} |`),
    '',
    '## Not supported',
    '',
    'Each is told in the job log, in words; that was tried, too.',
    '',
    '| keyword | case | instead |',
    '|---|---|---|',
    ...refused.map(({ keyword, case: name, why }) => `| ${cell(keyword)} | ${cell(name)} | ${cell(why)} |`),
    '',
    ...NEVER.map((line) => `- ${line}`),
    '',
  ].join('\n');
}

function decision({ status, why }: CaseResult): string {
  return status === 'pass' ? 'pass' : `**fail**: ${cell(why.slice(0, 300))}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
