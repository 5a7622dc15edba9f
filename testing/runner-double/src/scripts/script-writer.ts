import { posix } from 'node:path';
import { ANSI } from '../ansi.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';
import type { Variable } from '../job/variables.ts';
import { type Escape, escapeAnsiC, escapePosix, quotePath } from './escape.ts';

/** Exits with a code at SIGTERM. A shell killed by the signal would, with some bash versions, print the whole script. */
const EXIT_ON_TERM = "trap 'exit 1' TERM";

const CHECK_EXIT_CODE = '_runner_code=$?; if [ $_runner_code -ne 0 ]; then exit $_runner_code; fi';

/** Writes the script of a stage, for bash or a POSIX shell. */
export class ScriptWriter {
  readonly #escape: Escape;
  readonly #temporaryDirectory: string;
  readonly #shell: string;
  readonly #checksExitCodes: boolean;
  readonly #legacyEval: boolean;
  readonly #lines: string[] = [];
  #depth = 0;

  constructor(context: BuildContext) {
    this.#escape = flagOn(context, 'FF_POSIXLY_CORRECT_ESCAPES') ? escapePosix : escapeAnsiC;
    this.#temporaryDirectory = context.temporaryDirectory;
    this.#shell = context.runner.shell;
    this.#checksExitCodes = flagOn(context, 'FF_ENABLE_BASH_EXIT_CODE_CHECK');
    this.#legacyEval = flagOn(context, 'FF_USE_LEGACY_BASH_EVAL');
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** Writes a user's line without indentation: it may be part of a here-document. */
  verbatim(text: string): void {
    this.#lines.push(text);
    this.checkExitCode();
  }

  checkExitCode(): void {
    if (this.#checksExitCodes) this.line(CHECK_EXIT_CODE);
  }

  /** Writes a command whose words are all literal. */
  command(...words: string[]): void {
    this.line(words.map(this.#escape).join(' '));
    this.checkExitCode();
  }

  escape(text: string): string {
    return this.#escape(text);
  }

  /** Path of a file in the job's temporary directory, absolute when the script runs. */
  temporaryFile(name: string): string {
    return absolute(posix.join(this.#temporaryDirectory, name));
  }

  /** Exports a variable. A file variable is written to its file, and the path is exported. */
  variable(variable: Pick<Variable, 'key' | 'value' | 'file'>): void {
    if (variable.file) {
      const file = this.temporaryFile(variable.key);
      this.line(`mkdir -p ${quotePath(absolute(this.#temporaryDirectory))}`);
      this.line(`printf '%s' ${this.#escape(variable.value)} > ${quotePath(file)}`);
      this.exportPath(variable.key, file);
      return;
    }
    if (variable.value.startsWith(this.#temporaryDirectory)) this.exportPath(variable.key, variable.value);
    else this.line(`export ${this.#escape(variable.key)}=${this.#escape(variable.value)}`);
  }

  /** Exports a path, made absolute when the script runs. */
  exportPath(key: string, path: string): void {
    this.line(`export ${this.#escape(key)}=${quotePath(absolute(path))}`);
  }

  /** Exports the variables that the job appended to `$GITLAB_ENV` in earlier stages. */
  sourceEnvironmentFile(file: string): void {
    this.line(`mkdir -p ${quotePath(absolute(this.#temporaryDirectory))}`);
    this.line(`touch ${quotePath(file)}`);
    this.line(`while read -r line; do export "$line"; done < ${quotePath(file)}`);
  }

  /** `if condition; then body [else otherwise] fi` */
  when(condition: string, body: () => void, otherwise?: () => void): void {
    this.line(`if ${condition}; then`);
    this.#indented(body);
    if (otherwise !== undefined) {
      this.line('else');
      this.#indented(otherwise);
    }
    this.line('fi');
  }

  /** The words of a command as a condition for `when`. */
  succeeds(words: readonly string[], output: 'shown' | 'hidden'): string {
    const text = words.map(this.#escape).join(' ');
    return output === 'hidden' ? `${text} >/dev/null 2>&1` : text;
  }

  changeDirectory(path: string): void {
    this.command('cd', path);
  }

  makeDirectory(path: string): void {
    this.command('mkdir', '-p', path);
  }

  removeFile(path: string): void {
    this.line(`rm -f ${quotePath(path)}`);
    this.checkExitCode();
  }

  removeDirectory(path: string): void {
    const quoted = quotePath(path);
    this.when(`[ -d ${quoted} ]`, () => this.line(`chmod -R u+rwX ${quoted}`));
    this.line(`rm -r -f ${quoted}`);
    this.checkExitCode();
  }

  /** Removes files with a name (a pattern of `find`) at any depth. */
  removeFilesBelow(path: string, name: string): void {
    const quoted = quotePath(path);
    this.when(`[ -d ${quoted} ]`, () =>
      this.line(`find ${quoted} -name ${this.#escape(name)} -type f -exec rm -f {} +`),
    );
  }

  print(text: string): void {
    this.#echo(ANSI.reset + text);
  }

  notice(text: string): void {
    this.#echo(ANSI.boldGreen + text + ANSI.reset);
  }

  warning(text: string): void {
    this.#echo(ANSI.yellow + text + ANSI.reset);
  }

  emptyLine(): void {
    this.line('echo');
  }

  /** Writes a collapsed section of the log for a multi-line command. */
  collapsedSection(id: string, title: string): void {
    const time = `"$(awk 'BEGIN{srand(); print srand()}')"`;
    const options = '[hide_duration=true,collapsed=true]';
    const head = this.#escape(`${ANSI.boldGreen}${title}${ANSI.reset}`);
    this.line(`printf '%s\\r\\033[0K%s\\n' "section_start:"${time}":section_${id}${options}" ${head}`);
    this.line(`printf '%s\\r\\033[0K\\n' "section_end:"${time}":section_${id}"`);
  }

  /** Returns the whole script. Its commands run in a subshell with empty standard input. */
  finish(options: { xtrace: boolean }): string {
    const body = this.#escape(`${this.#lines.join('\n')}\n`);
    return [
      `#!/usr/bin/env ${this.#shell}`,
      '',
      EXIT_ON_TERM,
      '',
      ...(options.xtrace ? ['set -o xtrace'] : []),
      'case "$(set -o)" in *pipefail*) set -o pipefail ;; esac',
      'set -o errexit +o noclobber',
      this.#legacyEval ? `: | eval ${body}` : `(${EXIT_ON_TERM}; eval ${body}) </dev/null`,
      'exit 0',
      '',
    ].join('\n');
  }

  #echo(text: string): void {
    this.line(`echo ${this.#escape(text)}`);
  }

  #indented(body: () => void): void {
    this.#depth += 1;
    body();
    this.#depth -= 1;
  }
}

/** Makes a path valid after a `cd`, for a relative `builds_dir`. */
function absolute(path: string): string {
  return path.startsWith('/') || path.startsWith('$PWD') ? path : posix.join('$PWD', path);
}
