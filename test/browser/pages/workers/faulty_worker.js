// The library's worker, with ways to fail on demand.
export {};

addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
  if (data === 'close') self.close();
  if (data === 'loop') for (;;);
  if (data === 'heap') void fillHeap();
  if (data === 'hold') holdReads();
  if (data === 'reject') Promise.reject(new Error('a slip'));
  if (data === 'throw')
    setTimeout(() => {
      throw new Error('a slip in a timer');
    });
});

/** The device that the library has got last. */
let device = /** @type {GPUDevice | undefined} */ (undefined);
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (/** @type {Parameters<typeof requestDevice>} */ ...args) {
  device = await requestDevice.apply(this, args);
  return device;
};

/** Delays all reads of GPU memory until the device is lost, so that a run ends no step before that. */
function holdReads() {
  const { mapAsync } = GPUBuffer.prototype;
  const lost = device?.lost.then(() => {
    GPUBuffer.prototype.mapAsync = mapAsync;
  });
  GPUBuffer.prototype.mapAsync = async function (/** @type {Parameters<typeof mapAsync>} */ ...args) {
    await lost;
    return mapAsync.apply(this, args);
  };
}

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
