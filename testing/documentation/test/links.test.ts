import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, textOf } from '../src/commands/read-commands.ts';

/** Anchors of a document's headings, as GitLab, GitHub and the site make them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  );
}

/** Links of a document to anchors of it or of another one. */
function anchorLinks(document: string): { path: string; anchor: string }[] {
  return [...textOf(document).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].map(
    ([, path = '', anchor = '']) => ({
      path: path === '' ? document : join(dirname(document), path),
      anchor,
    }),
  );
}

describe('links to headings', () => {
  const links = DOCUMENTS.flatMap((document) => anchorLinks(document).map((link) => ({ document, ...link })));

  it('are found', () => {
    expect(links.map(({ path }) => path)).toContain('docs/start.md');
  });

  it('lead to headings that exist', () => {
    const broken = links.filter(({ path, anchor }) => !anchorsOf(textOf(path)).has(anchor));
    expect(broken).toEqual([]);
  });
});
