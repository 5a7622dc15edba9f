import { USER } from '../model/project.ts';

/** Environment of all git processes: no host configuration, a fixed author, no prompts. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: USER.name,
    GIT_AUTHOR_EMAIL: USER.email,
    GIT_COMMITTER_NAME: USER.name,
    GIT_COMMITTER_EMAIL: USER.email,
  };
}
