/** The page's server, for tests in a browser. */
export { createLiveFeed, type LiveFeed } from './live-feed.ts';
export { readPageFiles } from './page-files.ts';
export { createPageServer, type JobAnswer } from './page-server.ts';
export { renderSavedPage, type Saved } from './saved-page.ts';
export type { JobRow, ManagerRow, Snapshot } from './snapshot.ts';
