export { createFetch, type Fetch, type FetchOptions } from './create-fetch.ts';
