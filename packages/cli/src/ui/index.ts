/** The page's server, for tests in a browser. */
export { createLiveFeed, type LiveFeed } from './live-feed.ts';
export { readPageFiles } from './page-files.ts';
export { createPageServer, type JobAnswer } from './page-server.ts';
export type { JobRow, ManagerRow, Snapshot } from './snapshot.ts';
