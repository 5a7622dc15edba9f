import { confirm, input, password, select } from '@inquirer/prompts';
import { commaSeparated } from '../comma-separated.ts';

/** Answers of whoever installs, for what no flag says. Asked on a terminal only. */
export interface Answers {
  gitlabUrl: string;
  target: { kind: 'project' | 'group'; path: string };
  tagList: string[];
  spot: boolean;
}

const isPath = (text: string) =>
  /^[^\s/]+(\/[^\s/]+)*$/.test(text) || 'Write a path as in the URL of its page.';

/**
 * Asks for what is undefined in `given`. Ctrl-C throws inquirer's `ExitPromptError`.
 * @param likelyUrl offered as GitLab's URL
 */
export async function askForRequest(
  given: { [Key in keyof Answers]?: Answers[Key] | undefined },
  likelyUrl: string,
): Promise<Answers> {
  const gitlabUrl =
    given.gitlabUrl ??
    (await input({
      message: 'URL of GitLab',
      default: likelyUrl,
      validate: (text) => /^https?:\/\/\S+$/.test(text) || 'Write a URL, such as https://gitlab.example.com.',
    }));
  const target = given.target ?? (await askForTarget());
  const tagList =
    given.tagList ?? commaSeparated(await input({ message: 'Tags of its jobs (empty: jobs without tags)' }));
  const spot =
    given.spot ??
    (await confirm({
      message: 'Run jobs on Spot (some 70 % cheaper; AWS may interrupt a job)?',
      default: false,
    }));
  return { gitlabUrl, target, tagList, spot };
}

async function askForTarget(): Promise<Answers['target']> {
  const kind = await select<'project' | 'group'>({
    message: 'For which jobs?',
    choices: [
      { name: 'those of one project', value: 'project' },
      { name: 'those of all projects of a group', value: 'group' },
    ],
  });
  const message = kind === 'project' ? 'Project (group/name)' : 'Group';
  return { kind, path: await input({ message, validate: isPath }) };
}

/** Asks for a token, which is shown as asterisks and kept by nobody. */
export async function askForToken(gitlabUrl: string): Promise<string | undefined> {
  const answer = await password({
    message: `Token of ${gitlabUrl}, scope api (empty: runner and webhook by hand)`,
    mask: true,
  });
  return answer.trim() || undefined;
}
