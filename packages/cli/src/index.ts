/** The command line as a function, for tests and other programs. */
export { createGitLabReader, type GitLabReader } from './gitlab/gitlab-reader.ts';
export { type InitOptions, type InitResult, runInit } from './init/run-init.ts';
export { createProgram, run } from './run.ts';
export type { Terminal } from './terminal.ts';
