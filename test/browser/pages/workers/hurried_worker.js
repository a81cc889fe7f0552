// The library's worker, for which a millisecond is a second: what it does by time comes at once.
export {};

const { now } = Date;
Date.now = () => 1000 * now();
const url = '/dist/worker.js';
await import(url);
