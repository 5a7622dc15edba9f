export { createFetch, type Fetch, type FetchOptions, trusting } from './create-fetch.ts';
