import { enumerateFiles } from '../archive/enumerate-files.ts';
import type { Environment } from '../environment.ts';
import type { Logger } from '../log.ts';
import type { Arguments } from './arguments.ts';
import { expandEnvironment } from './expand-environment.ts';

/** The options that select the files to archive. Environment variables in them are expanded. */
export const SELECTION_OPTIONS = { path: 'texts', exclude: 'texts', untracked: 'flag' } as const;

/** Finds the files below `directory` that the options select. */
export function selectFiles(
  args: Arguments,
  { inherited }: Environment,
  directory: string,
  log: Logger,
): ReturnType<typeof enumerateFiles> {
  const expand = (text: string) => expandEnvironment(text, inherited);
  const paths = args.texts('path').map(expand);
  const exclude = args.texts('exclude').map(expand);
  return enumerateFiles(directory, { paths, exclude, untracked: args.flag('untracked') }, log);
}
