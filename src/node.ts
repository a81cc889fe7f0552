/**
 * `webvera/node`: all names of `webvera`, for sessions in the calling thread, with Dawn, which is WebGPU for Node, and folders on
 * its disk. It also loads in Deno and in workers of one's own.
 */
export * from './index';
export * from './node/extras';
