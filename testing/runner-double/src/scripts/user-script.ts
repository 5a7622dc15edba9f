import { type BuildContext, flagOn } from '../job/build-context.ts';
import { expandValue } from '../job/variables.ts';
import { writeExports } from './exports.ts';
import type { ScriptWriter } from './script-writer.ts';

/** Writes each command with an echo before it. Of a multi-line command, the echo shows the first line. */
export function writeCommands(
  writer: ScriptWriter,
  context: BuildContext,
  prefix: string,
  commands: readonly string[],
): void {
  const sections = flagOn(context, 'FF_SCRIPT_SECTIONS') && (context.job.features?.trace_sections ?? false);
  for (const [index, untrimmed] of commands.entries()) {
    const command = untrimmed.trim();
    const [first = '', ...others] = command.split('\n');
    if (command === '') writer.emptyLine();
    else if (others.length === 0) writer.notice(`$ ${command}`);
    else if (sections) writer.collapsedSection(`${prefix}_${index}`, `$ ${command}`);
    else writer.notice(`$ ${first} # collapsed multi-line command`);
    writer.verbatim(command);
  }
}

/** Writes `step_script` or another step of the job. Returns false if the job lacks it. */
export function writeUserScript(writer: ScriptWriter, context: BuildContext, stepName: string): boolean {
  const step = context.job.steps.find((candidate) => candidate.name.toLowerCase() === stepName);
  if (step === undefined) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  const script =
    step.name === 'release' ? step.script.map((line) => expandValue(line, context.variables)) : step.script;
  writeCommands(writer, context, 'script_step', script);
  return true;
}

/** Writes `after_script`. It has its own shell, so only the files of the script remain. */
export function writeAfterScript(writer: ScriptWriter, context: BuildContext): boolean {
  const step = context.job.steps.find((candidate) => candidate.name === 'after_script');
  if (step === undefined || step.script.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  writer.notice('Running after script...');
  writeCommands(writer, context, 'after_script_step', step.script);
  return true;
}
