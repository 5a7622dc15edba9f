import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';

/** A command line that a document shows. */
export interface DocumentedCommand {
  readonly document: string;
  /** Its words, without `npx` and variables in front of it. */
  readonly words: readonly string[];
}

/** Documents of the repository, by their path, without generated and installed ones. */
export const DOCUMENTS = globSync('{*,docs/**/*,{packages,testing,images,examples}/*/*}.md', {
  cwd: REPOSITORY_ROOT,
}).filter((path) => !/node_modules|CHANGELOG/.test(path));

export const textOf = (document: string) => readFileSync(join(REPOSITORY_ROOT, document), 'utf8');

const FENCE = /^```(\w*)\n(.*?)^```/gms;
const SHELL = ['sh', 'bash', 'shell'];
/** Generated pages show the help of commands, not commands. */
const HELP = 'docs/reference/cli.md';

/** The lines of code blocks and the code in sentences that run `program`, such as `sgr` or `npm`. */
export function documentedCommands(program: string): DocumentedCommand[] {
  return DOCUMENTS.filter((document) => document !== HELP).flatMap((document) => {
    const text = textOf(document);
    const blocks = [...text.matchAll(FENCE)].flatMap(([, language = '', body = '']) =>
      SHELL.includes(language) ? body.split('\n') : [],
    );
    const inline = [...text.replaceAll(FENCE, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    return [...blocks, ...inline]
      .flatMap((line) => line.split(/\s(?:&&|\|\||\||;)\s/))
      .map(wordsOf)
      .filter(([first]) => first === program)
      .map((words) => ({ document, words }));
  });
}

/** Splits a command line as a shell does, as far as documents need it: quotes, comments, and line breaks in sentences. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
  const comment = words.findIndex((word) => word.startsWith('#'));
  const command = comment < 0 ? words : words.slice(0, comment);
  const redirection = command.findIndex((word) => word === '>' || word === '<');
  const own = redirection < 0 ? command : command.slice(0, redirection);
  const first = own.findIndex((word) => word !== 'npx' && !/^[A-Z_]+=/.test(word));
  return own.slice(first);
}
