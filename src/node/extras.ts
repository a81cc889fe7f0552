/** What `webvera/node` has beside all names of `webvera`. */
export { type DawnOptions, openDawn } from './dawn';
export { openFolder } from './folder';
