import { Argument, type Command } from 'commander';

const NAME = 'completion';
const SHELLS = ['bash', 'zsh', 'fish'];

const HELP = `
Examples:
  sgr completion bash > ~/.local/share/bash-completion/completions/sgr
  sgr completion zsh > "\${fpath[1]}/_sgr"
  sgr completion fish > ~/.config/fish/completions/sgr.fish

bash needs the package bash-completion. \`sgr\` must be on the PATH: with npx alone there is nothing to complete.`;

/**
 * Adds the command that prints a shell's script, and the hidden one that the script asks for words.
 * @param describe makes the command line again, without these two, for the words
 */
export function addCompletion(program: Command, describe: () => Command): void {
  program
    .command(NAME)
    .description('prints a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: string) => {
      const { default: completion } = await import('@bomb.sh/tab');
      completion.setup(program.name(), program.name(), shell);
    });
  program
    .command('complete [words...]', { hidden: true })
    .description('answers the script of a shell')
    .action(async (words: string[]) => {
      const { default: readCommands } = await import('@bomb.sh/tab/commander');
      readCommands(describe(), { completionCommandName: NAME }).parse(words);
    });
}
