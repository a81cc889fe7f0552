import { CommandFailure } from '../shared/options.mjs';
import { findLavapipe, LAVAPIPE } from './find_browser.mjs';

/** Lets Dawn in this process find Mesa's software driver alone, and no GPU's. To be called before it is opened. */
export function chooseLavapipe() {
  const driver = findLavapipe();
  if (driver === undefined) return;
  // The loader reads one or the other, by its age.
  process.env.VK_DRIVER_FILES = driver;
  process.env.VK_ICD_FILENAMES = driver;
}

/**
 * Dawn in this process, on this machine's GPU or on Mesa's software driver, and never on the one in place of the other.
 * @param {Pick<typeof import('../../src/node'), 'openDawn'>} library
 * @param {'gpu' | 'llvmpipe'} adapter
 * @param {import('../../src/node').DawnOptions} [options]
 * @returns {Promise<{ gpu: GPU, device: string }>} and what the device calls itself
 * @throws {CommandFailure} it isn't there
 */
export async function openAdapter(library, adapter, options) {
  if (adapter === 'llvmpipe') {
    // Elsewhere Dawn uses the system's own Metal or Direct3D.
    if (process.platform === 'linux' && findLavapipe() === undefined) {
      throw new CommandFailure(`${LAVAPIPE.title} is not on this machine: ${LAVAPIPE.advice}`);
    }
    chooseLavapipe();
  }
  const gpu = await library.openDawn(options);
  // As the library and its peers ask for it.
  const found = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const { vendor = '', architecture = '', description = '', isFallbackAdapter = false } = found?.info ?? {};
  const device = description || `${vendor} ${architecture}`.trim() || 'an unnamed adapter';
  if (adapter === 'gpu' && isFallbackAdapter) {
    throw new CommandFailure(`this machine has no GPU that Vulkan finds, only software: ${device}`);
  }
  return { gpu, device };
}
