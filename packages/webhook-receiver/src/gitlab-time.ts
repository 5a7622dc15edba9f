/** `2021-02-23T02:41:37.886Z`, or the formats of older versions: `2021-02-23 02:41:37 UTC`, `2021-02-23 02:41:37 +0100`. */
const GITLAB_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d\d:?\d\d)$/;
const ISO_LENGTH = '2021-02-23T02:41:37.886Z'.length;

/**
 * Converts a time from GitLab's webhooks to ISO 8601 in UTC. Returns undefined if invalid, so that no event fails for its times.
 */
export function isoOfGitlabTime(text: string | null | undefined): string | undefined {
  const match = GITLAB_TIME.exec(text ?? '');
  if (!match) return undefined;
  const [, date, time, zone = ''] = match;
  const offset = zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const milliseconds = Date.parse(`${date}T${time}${offset}`);
  const iso = Number.isNaN(milliseconds) ? '' : new Date(milliseconds).toISOString();
  // An offset can move a year beyond the four digits of ISO 8601.
  return iso.length === ISO_LENGTH ? iso : undefined;
}
