// `faulty_worker.js` with a clock on which a millisecond is a second, so that timed work happens at once.
export {};

const { now } = Date;
Date.now = () => 1000 * now();
await import('./faulty_worker.js');
