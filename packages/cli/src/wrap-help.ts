import { wrap } from './wrap.ts';

/** A numbered step. */
const STEP = /^( +\d+\. )(.*)$/;

/**
 * Wraps the prose of a help text: consecutive lines that begin without a space are one paragraph, and a numbered step hangs
 * under its number. Options and examples stay as they are.
 */
export function wrapHelp(text: string, columns: number): string {
  const lines: string[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) lines.push(...wrap(paragraph.join(' '), columns));
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) {
      paragraph.push(line);
      continue;
    }
    flush();
    lines.push(...wrapStep(line, columns));
  }
  flush();
  return lines.join('\n');
}

function wrapStep(line: string, columns: number): string[] {
  const [, number = '', step = ''] = STEP.exec(line) ?? [];
  if (number === '') return [line];
  const indent = ' '.repeat(number.length);
  return wrap(step, columns, indent).map((part, index) =>
    index === 0 ? `${number}${part.slice(indent.length)}` : part,
  );
}
