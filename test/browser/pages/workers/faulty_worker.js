// The library's worker, which fails on demand in several ways.
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

/** The device that the library requested last. */
let device = /** @type {GPUDevice | undefined} */ (undefined);
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (/** @type {Parameters<typeof requestDevice>} */ ...args) {
  device = await requestDevice.apply(this, args);
  return device;
};

/** Delays all reads of GPU memory until the device is lost, so that a run can't end a step before that. */
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

/** Allocates memory until the worker gets no more, and still handles messages meanwhile. */
async function fillHeap() {
  const taken = [];
  for (;;) {
    taken.push(Array(16_000_000).fill(0.5));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const url = '/dist/worker.js';
await import(url);
