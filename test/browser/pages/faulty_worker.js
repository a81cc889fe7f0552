// The library's worker, with ways to fail on demand.
export {};

addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
  if (data === 'close') self.close();
  if (data === 'loop') for (;;);
  if (data === 'reject') Promise.reject(new Error('a slip'));
  if (data === 'throw')
    setTimeout(() => {
      throw new Error('a slip in a timer');
    });
});
const url = '/dist/worker.js';
await import(url);
