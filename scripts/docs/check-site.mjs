/** Checks the built site: that every link leads to a page, and every anchor to an element. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * @typedef {object} CheckedSite
 * @property {number} pages
 * @property {number} links links within the site
 * @property {string[]} problems one sentence for each dead link or missing anchor
 */

/**
 * @param {string} folder the built site
 * @param {string} base the site's path at its host, with slashes at both ends
 * @returns {CheckedSite}
 */
export function checkSite(folder, base) {
  const pages = globSync('**/*.html', { cwd: folder }).map((page) => join(folder, page));
  /** @type {Map<string, Set<string>>} */
  const anchors = new Map(pages.map((page) => [page, anchorsOf(readFileSync(page, 'utf8'))]));
  /** @type {string[]} */
  const problems = [];
  let links = 0;
  for (const page of pages) {
    for (const link of linksOf(readFileSync(page, 'utf8'))) {
      if (/^([a-z]+:|\/\/)/i.test(link)) continue;
      links += 1;
      const [path = '', anchor] = link.split('#');
      const file = fileOf(path, page, folder, base);
      const from = relative(folder, page);
      if (file === undefined) problems.push(`${from} links to ${link}, which does not exist`);
      else if (anchor && anchors.get(file)?.has(decodeURIComponent(anchor)) === false)
        problems.push(`${from} links to ${link}, whose page has no such anchor`);
    }
  }
  return { pages: pages.length, links, problems };
}

/** @param {string} html */
function anchorsOf(html) {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decodeEntities(id ?? '')));
}

/** @param {string} html */
function linksOf(html) {
  return [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link]) => decodeEntities(link ?? ''));
}

/** @param {string} text */
function decodeEntities(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}

/**
 * @param {string} path of a link, without its anchor
 * @param {string} page the page that contains it
 * @param {string} folder
 * @param {string} base
 * @returns {string | undefined} undefined if there is no such file
 */
function fileOf(path, page, folder, base) {
  if (path === '') return page;
  if (path.startsWith('/') && !path.startsWith(base)) return undefined;
  const plain = decodeURIComponent(path.replace(/\?.*$/, ''));
  const target = plain.startsWith('/') ? join(folder, plain.slice(base.length)) : join(dirname(page), plain);
  return [target, join(target, 'index.html')].find((file) => existsSync(file) && statSync(file).isFile());
}
