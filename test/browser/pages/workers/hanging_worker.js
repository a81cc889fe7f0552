// The library's worker, which a message can block for a number of milliseconds, as if its tab hung or were frozen.
export {};

addEventListener('message', ({ data: { hang } }) => {
  for (const end = performance.now() + (hang ?? 0); performance.now() < end; );
});
const url = '/dist/worker.js';
await import(url);
