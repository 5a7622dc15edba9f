import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type MarkdownRenderer } from 'vitepress';

const DOCS = fileURLToPath(new URL('..', import.meta.url));
const ROOT = dirname(dirname(DOCS));

/** Where the repository's files can be read: known in a pipeline, else from the clone's origin; undefined if there is none. */
function repositoryUrl(): string | undefined {
  const { CI_PROJECT_URL, GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (CI_PROJECT_URL) return CI_PROJECT_URL;
  if (GITHUB_REPOSITORY) return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  return originUrl()
    ?.replace(/^git@([^:]+):/, 'https://$1/')
    .replace(/\.git$/, '');
}

function originUrl(): string | undefined {
  try {
    const url = execFileSync('git', ['remote', 'get-url', 'origin'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return /^(https:|git@)/.test(url) ? url : undefined;
  } catch {
    return undefined;
  }
}

const repository = repositoryUrl();

/** The address of a file of the repository that is not a page. GitHub redirects GitLab's form of the path, without `-`. */
function sourceAddress(path: string): string | undefined {
  if (repository === undefined) return undefined;
  const kind = statSync(join(ROOT, path)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${repository.includes('github.com') ? '' : '-/'}${kind}/HEAD/${path}`;
}

/**
 * Pages link to files outside `docs`, which the Git host shows. On the site they lead to the Git host, or are plain text if no
 * address is known.
 */
function linkToSources(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('sources', ({ tokens, env }) => {
    const page = String(env.relativePath ?? '');
    for (const block of tokens) if (block.children) block.children = withLinks(block.children, page);
  });
}

type Token = ReturnType<MarkdownRenderer['parse']>[number];

/** The tokens of a text with the addresses that its links have on the site; a link without an address is its text. */
function withLinks(tokens: readonly Token[], page: string): Token[] {
  let isLeftOut = false;
  return tokens.filter((token) => {
    if (token.type === 'link_close') return !isLeftOut;
    if (token.type !== 'link_open') return true;
    const address = addressOnSite(token.attrGet('href') ?? '', page);
    isLeftOut = address === undefined;
    if (address !== undefined) token.attrSet('href', address);
    return !isLeftOut;
  });
}

function addressOnSite(href: string, page: string): string | undefined {
  const source = outsidePath(page, href);
  if (source !== undefined) return sourceAddress(source);
  // Where the Git host shows a README.md, the site has the folder's page.
  return href.replace(/(^|\/)README\.md(?=#|$)/, '$1index.md');
}

/** The path in the repository of a link that leaves `docs`; undefined for any other. */
function outsidePath(page: string, href: string): string | undefined {
  if (/^([a-z]+:|#|\/)/.test(href)) return undefined;
  const file = join(DOCS, dirname(page), href.replace(/[#?].*$/, ''));
  if (!relative(DOCS, file).startsWith('..') || !existsSync(file)) return undefined;
  return relative(ROOT, file);
}

/** Pictures become part of the page, so that they follow its theme rather than the system's, and are sharp and searchable. */
function inlinePictures(markdown: MarkdownRenderer): void {
  const { image } = markdown.renderer.rules;
  markdown.renderer.rules.image = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const source = token?.attrGet('src') ?? '';
    const isPicture = /^(\.\/|\.\.\/)*pictures\/.+\.svg$/.test(source);
    if (!isPicture || typeof env.path !== 'string') return image?.(tokens, index, options, env, self) ?? '';
    const svg = readFileSync(join(dirname(env.path), source), 'utf8');
    return `<span class="picture" v-pre>${svg.replaceAll(/\s*\n\s*/g, ' ').trim()}</span>`;
  };
}

/** Keeps `{{ }}` in code from being read as a template. */
function keepBraces(markdown: MarkdownRenderer): void {
  const { code_inline: render } = markdown.renderer.rules;
  markdown.renderer.rules.code_inline = (tokens, index, options, env, self) => {
    tokens[index]?.attrSet('v-pre', '');
    return render?.(tokens, index, options, env, self) ?? '';
  };
}

/** The anchor of a heading, as GitLab and GitHub make it, so that links work there, too. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

const guide = [
  { text: 'Start here (ten minutes)', link: '/start' },
  { text: 'How it works', link: '/how-it-works' },
  { text: 'Coming from another runner', link: '/coming-from' },
];
const jobs = [
  { text: 'Writing jobs', link: '/writing-jobs' },
  { text: 'Building images', link: '/building-images' },
  { text: 'What works, case by case', link: '/conformance' },
];
const operating = [
  { text: 'Operating', link: '/operating' },
  { text: 'What it costs', link: '/cost' },
  { text: 'What one person can spend', link: '/spending' },
  { text: 'Scale', link: '/scale' },
  { text: 'Security', link: '/security' },
];
const building = [
  { text: 'In a stack of your own', link: '/embedding' },
  { text: 'Without CDK', link: '/template' },
  { text: 'Events', link: '/events' },
  { text: 'Architecture', link: '/architecture' },
  { text: 'Permissions of managers', link: '/manager-permissions' },
  { text: 'Simulation', link: '/simulation' },
  { text: 'Decisions', link: '/decisions/' },
];
const reference = [
  { text: 'Command line', link: '/reference/cli' },
  { text: 'Settings of a fleet', link: '/reference/fleet-settings' },
  { text: 'Settings of the installation', link: '/reference/installation-settings' },
  { text: 'Variables of a job', link: '/reference/job-variables' },
  { text: 'Events', link: '/reference/events' },
  { text: 'Construct', link: '/reference/construct' },
  { text: 'Template', link: '/reference/template' },
];

export default defineConfig({
  title: 'serverless-gitlab-runner',
  description: 'GitLab CI on AWS Fargate that costs nothing while nobody pushes',
  lang: 'en',
  // Path of the site at its host, for example /serverless-gitlab-runner/.
  base: process.env.DOCS_BASE ?? '/',
  outDir: '../dist/docs',
  cacheDir: '../node_modules/.cache/vitepress',
  cleanUrls: false,
  // On the Git host, a folder shows its README.md.
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  markdown: {
    anchor: { slugify: anchorOf },
    config(markdown) {
      linkToSources(markdown);
      inlinePictures(markdown);
      keepBraces(markdown);
    },
  },
  // Everything comes from the site itself: no font or script of another host.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Operating', link: '/operating' },
      { text: 'Reference', link: '/reference/cli' },
    ],
    sidebar: [
      { text: 'Guide', items: guide },
      { text: 'Jobs', items: jobs },
      { text: 'Operating', items: operating },
      { text: 'Building on it', items: building },
      { text: 'Reference', items: reference },
    ],
    outline: [2, 3],
    search: { provider: 'local' },
    ...(repository === undefined ? {} : { socialLinks: [{ icon: iconOf(repository), link: repository }] }),
  },
});

function iconOf(url: string): 'github' | 'gitlab' {
  return url.includes('github') ? 'github' : 'gitlab';
}
