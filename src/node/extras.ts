/** The exports of `webvera/node` in addition to those of `webvera`. */
export { type DawnOptions, openDawn } from './dawn';
export { openFolder } from './folder';
