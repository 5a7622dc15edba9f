/** Whether a fleet gets its jobs by the webhook of one that reads GitLab's API, so that it needs no secret of its own. */
export function isServedByWebhook(
  gitlabUrl: string | undefined,
  all: readonly { gitlabUrl?: string | undefined; usesApi?: boolean; webhookSecret: boolean }[],
): boolean {
  return all.some((one) => one.usesApi && one.webhookSecret && one.gitlabUrl === gitlabUrl);
}
