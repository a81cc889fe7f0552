// The library's worker, which blocks for as many milliseconds as a message says, as in a tab that is frozen or hangs.
export {};

addEventListener('message', ({ data: { hang } }) => {
  for (const end = performance.now() + (hang ?? 0); performance.now() < end; );
});
const url = '/dist/worker.js';
await import(url);
