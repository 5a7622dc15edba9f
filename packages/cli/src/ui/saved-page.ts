import type { PageFile } from './page-files.ts';
import type { JobAnswer } from './page-server.ts';
import type { Snapshot } from './snapshot.ts';

/** What a saved page contains. */
export interface Saved {
  snapshot: Snapshot;
  /** What `sgr why` says, by the job's number. */
  answers: Readonly<Record<number, JobAnswer>>;
}

/** As strict as that of the server, except that everything is in the page. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' data:",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Prefix of the modules' names in the page: a module at a `data:` address cannot import a relative one. */
const MODULES = 'page/';

/** The page with its files and data in one HTML text. */
export function renderSavedPage(files: ReadonlyMap<string, PageFile>, saved: Saved): string {
  const text = (name: string) => files.get(name)?.content.toString() ?? '';
  const modules = [...files.keys()].filter((name) => name.endsWith('.js'));
  const imports = Object.fromEntries(
    modules.map((name) => [
      `${MODULES}${name}`,
      dataUrl('text/javascript', text(name).replaceAll(/ from '\.\//g, ` from '${MODULES}`)),
    ]),
  );
  const replacements: [string, string][] = [
    [
      '<meta charset="utf-8">',
      `<meta charset="utf-8">\n    <meta http-equiv="content-security-policy" content="${CONTENT_SECURITY_POLICY}">`,
    ],
    ['href="icon.svg"', `href="${dataUrl('image/svg+xml', text('icon.svg'))}"`],
    ['<link rel="stylesheet" href="style.css">', `<style>${text('style.css')}</style>`],
    [
      '<script type="module" src="main.js"></script>',
      [
        `<script type="importmap">${inScript({ imports })}</script>`,
        `<script type="application/json" id="saved">${inScript(saved)}</script>`,
        `<script type="module">import '${MODULES}main.js';</script>`,
      ].join('\n'),
    ],
  ];
  return replacements.reduce((page, [from, to]) => replaced(page, from, to), text(''));
}

/** `<` would end the script, whatever a job is called. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function dataUrl(type: string, text: string): string {
  return `data:${type};base64,${Buffer.from(text).toString('base64')}`;
}

/** Not `String.replace`, which reads `$` in the new text. */
function replaced(page: string, from: string, to: string): string {
  const [before, after, ...others] = page.split(from);
  if (before === undefined || after === undefined || others.length > 0)
    throw new Error(`index.html has ${from} not once`);
  return `${before}${to}${after}`;
}
