// WebGPU in this process: Dawn, on llvmpipe.
import { setImmediate } from 'node:timers';
import { findLavapipe } from './browsers.mjs';

/** What an answer may come later for that: little beside a step, and a token. */
const REST_MS = 0.2;

/**
 * Whoever uses the GPU must hold it: Dawn's objects crash once it is collected.
 * @returns {Promise<{ gpu: GPU, globals: object }>} with the classes and flags that WebGPU has beside it
 */
export async function openDawn() {
  const driver = findLavapipe();
  if (driver !== undefined) {
    // The loader reads one or the other, by its age; a GPU's driver must not be found.
    process.env.VK_DRIVER_FILES = driver;
    process.env.VK_ICD_FILENAMES = driver;
  }
  const { create, globals } = await import('webgpu');
  restAtEachTurn();
  return { gpu: create([]), globals };
}

/**
 * From now on this thread rests at each turn of its event loop. While something is awaited, Dawn asks for it in one turn after
 * the other, which takes a whole core from a driver that computes on the processor. It turns nothing by itself.
 */
export function restAtEachTurn() {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const rest = () => {
    Atomics.wait(cell, 0, 0, REST_MS);
    setImmediate(rest).unref();
  };
  setImmediate(rest).unref();
}
