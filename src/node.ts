/**
 * `webvera/node`: all exports of `webvera`, for sessions that run in the calling thread. It adds Dawn, which is WebGPU for Node, and model
 * folders on disk. It also works in Deno, and in workers that the caller creates.
 */
export * from './index';
export * from './node/extras';
