// What WebGPU is asked for, counted at the API itself and so the same for every library: buffers that are alive on a
// device, and dispatches. Sees devices of this realm only, not those of workers.

/** @typedef {{ live: number, peak: number }} Bytes */

/** @type {WeakMap<GPUDevice, Bytes>} */
const byDevice = new WeakMap();
/** @type {WeakMap<GPUBuffer, Bytes>} where a buffer that is alive is counted */
const byBuffer = new WeakMap();
const counts = { dispatches: 0, installed: false };

/** Counts from now on; once is enough. WebGPU's classes must be global. */
export function installMeter() {
  if (counts.installed) return;
  counts.installed = true;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function createCountedBuffer(/** @type {GPUBufferDescriptor} */ descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    const bytes = bytesOf(this);
    byBuffer.set(buffer, bytes);
    bytes.live += buffer.size;
    bytes.peak = Math.max(bytes.peak, bytes.live);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function destroyCounted() {
    const bytes = byBuffer.get(this);
    if (bytes !== undefined && byBuffer.delete(this)) bytes.live -= this.size;
    return destroy.call(this);
  };
  for (const name of /** @type {const} */ (['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'])) {
    const dispatch = /** @type {(...args: unknown[]) => undefined} */ (GPUComputePassEncoder.prototype[name]);
    GPUComputePassEncoder.prototype[name] = function countedDispatch(/** @type {unknown[]} */ ...args) {
      counts.dispatches += 1;
      return dispatch.apply(this, args);
    };
  }
}

/**
 * Bytes of a device's buffers, now and at most.
 * @param {GPUDevice} device
 * @returns {Bytes}
 */
export function bytesOf(device) {
  const known = byDevice.get(device);
  if (known !== undefined) return known;
  const bytes = { live: 0, peak: 0 };
  byDevice.set(device, bytes);
  return bytes;
}

/** Dispatches so far, on all devices. */
export function dispatchCount() {
  return counts.dispatches;
}
