/** Text for a page that the site and the Git host render alike: the site would read `<name>` and `{{ }}` as a template. */
export function plainText(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;{')))
    .join('');
}

/** A value as code; an empty string if there is none. */
export function code(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
  return `\`${text}\``;
}

/** A Markdown table. Cells are plain text or Markdown in one line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function cell(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').replaceAll('|', String.raw`\|`).trim();
}

/** A page from lines, with the notice that it is generated. */
export function page(title: string, introduction: readonly string[], sections: readonly string[]): string {
  const notice = 'Generated from the code by `npm run docs`; do not edit.';
  return `${[`# ${title}`, '', notice, '', ...introduction, '', ...sections].join('\n').trimEnd()}\n`;
}
