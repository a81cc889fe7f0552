/**
 * `webvera/node`: all names of `webvera`, for sessions in the calling thread, and Dawn, which is WebGPU for Node. It also loads
 * in Deno and in workers of one's own.
 */
export * from './index';
export { type DawnOptions, openDawn } from './node/dawn';
