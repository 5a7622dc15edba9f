/** A job as the user named it. */
export interface JobArgument {
  jobId: number;
  /** From the URL of its page. */
  page?: { url: string };
}

const PAGE = /^(?<url>https?:\/\/.+\/)-\/jobs\/(?<id>\d{1,15})$/;

/** Reads a job's number or the URL of its page; undefined if it is neither. */
export function readJobArgument(text: string): JobArgument | undefined {
  if (/^\d{1,15}$/.test(text)) return { jobId: Number(text) };
  const { url, id } = PAGE.exec(text)?.groups ?? {};
  if (url === undefined || id === undefined) return undefined;
  return { jobId: Number(id), page: { url } };
}
