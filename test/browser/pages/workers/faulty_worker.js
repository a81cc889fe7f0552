// The library's worker, with ways to fail on demand.
export {};

addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
  if (data === 'close') self.close();
  if (data === 'loop') for (;;);
  if (data === 'heap') void fillHeap();
  if (data === 'reject') Promise.reject(new Error('a slip'));
  if (data === 'throw')
    setTimeout(() => {
      throw new Error('a slip in a timer');
    });
});
/** Allocates all memory that a worker can get, and answers messages meanwhile. */
async function fillHeap() {
  const taken = [];
  for (;;) {
    taken.push(Array(16_000_000).fill(0.5));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const url = '/dist/worker.js';
await import(url);
