import { gpuName } from '../shared/gpu_name.mjs';
import { CommandFailure } from '../shared/options.mjs';
import { findLavapipe, LAVAPIPE } from './find_browser.mjs';

/** Makes Dawn in this process find Mesa's software driver only. Must be called before Dawn is opened. */
export function chooseLavapipe() {
  const driver = findLavapipe();
  if (driver === undefined) return;
  // Old versions of the Vulkan loader read VK_ICD_FILENAMES, new ones VK_DRIVER_FILES.
  process.env.VK_DRIVER_FILES = driver;
  process.env.VK_ICD_FILENAMES = driver;
}

/**
 * Opens Dawn in this process, on this machine's GPU or on Mesa's software driver. If the chosen one
 * is missing, fails instead of using the other.
 * @param {Pick<typeof import('../../src/node'), 'openDawn'>} library
 * @param {'gpu' | 'llvmpipe'} adapter
 * @param {import('../../src/node').DawnOptions} [options]
 * @returns {Promise<{ gpu: GPU, device: string }>} `device`: the device's name
 * @throws {CommandFailure} if this machine doesn't have the adapter
 */
export async function openAdapter(library, adapter, options) {
  if (adapter === 'llvmpipe') {
    if (findLavapipe() === undefined) {
      throw new CommandFailure(`${LAVAPIPE.title} is not on this machine: ${LAVAPIPE.advice}`);
    }
    chooseLavapipe();
  }
  const gpu = await library.openDawn(options);
  // The library and its peers (the libraries with which it is compared) request an adapter with these same options.
  const found = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const device = (found && gpuName(found.info)) || 'an unnamed adapter';
  if (adapter === 'gpu' && found?.info.isFallbackAdapter) {
    throw new CommandFailure(`this machine has no GPU that Vulkan finds, only software: ${device}`);
  }
  return { gpu, device };
}
