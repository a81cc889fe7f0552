// Counts dispatches, and the bytes of each device's live buffers. The meter patches WebGPU's own classes, so it counts in the same way for
// every library. It sees only the devices of this realm, not those of workers.

/** @typedef {{ live: number, peak: number }} Bytes */
/**
 * @typedef {object} Meter
 * @property {(device: GPUDevice) => Bytes} bytesOf returns the bytes of a device's buffers, now and at the peak
 * @property {() => number} dispatchCount returns the number of dispatches so far, on all devices
 */

/** The property of the patched `GPUDevice.prototype` that holds the meter. */
const METER = Symbol('meter');

/**
 * Returns the meter of this realm. The first call installs it, and it counts from then on. WebGPU's classes must be globals.
 * @returns {Meter}
 */
export function installMeter() {
  const patched = /** @type {{ [METER]?: Meter }} */ (GPUDevice.prototype);
  patched[METER] ??= { bytesOf: countBytes(), dispatchCount: countDispatches() };
  return patched[METER];
}

/** Patches the methods that create and destroy buffers. */
function countBytes() {
  /** @type {WeakMap<GPUDevice, Bytes>} */
  const byDevice = new WeakMap();
  /** The counts of the device to which each live buffer belongs. @type {WeakMap<GPUBuffer, Bytes>} */
  const byBuffer = new WeakMap();
  const bytesOf = (/** @type {GPUDevice} */ device) => {
    const bytes = byDevice.get(device) ?? { live: 0, peak: 0 };
    byDevice.set(device, bytes);
    return bytes;
  };
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
  return bytesOf;
}

/** Patches the methods that dispatch. */
function countDispatches() {
  let dispatches = 0;
  for (const name of /** @type {const} */ (['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'])) {
    const dispatch = /** @type {(...args: unknown[]) => undefined} */ (GPUComputePassEncoder.prototype[name]);
    GPUComputePassEncoder.prototype[name] = function countedDispatch(/** @type {unknown[]} */ ...args) {
      dispatches += 1;
      return dispatch.apply(this, args);
    };
  }
  return () => dispatches;
}
