// Finds Mesa's drivers for the GPUs of all vendors, and the libraries that simulate a GPU for them, in the folder where setup.sh unpacks
// both.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../../scripts/shared/cache.mjs';
import { CommandFailure } from '../../../scripts/shared/options.mjs';
import { builtForArm } from '../compiler_parts.mjs';
import { GPUS } from './gpus.mjs';

/** @typedef {import('./gpus.mjs').Gpu} Gpu */
/** @typedef {{ command: string, args: readonly string[], environment: Readonly<Record<string, string>> }} Invocation */

const SETUP = fileURLToPath(new URL('setup.sh', import.meta.url));

/** @returns {string} the folder with the drivers. It doesn't exist before setup.sh has run */
export function driversFolder() {
  return join(cacheFolder(), 'isa-drivers');
}

/**
 * @param {string} name of a GPU
 * @returns {boolean} whether setup.sh has stored the GPU's driver, and the library that simulates the GPU
 */
export function hasDrivers(name) {
  const folder = driversFolder();
  const gpu = GPUS[name];
  if (gpu === undefined) return false;
  const { driver, shim, emulated } = gpu.vendor;
  const library = join(roots(folder, emulated === true).library, `libvulkan_${driver}.so`);
  return existsSync(library) && existsSync(shimOf(folder, shim, emulated === true));
}

/**
 * @param {string} name of a GPU
 * @returns {Gpu}
 */
export function expectGpu(name) {
  const gpu = GPUS[name];
  if (gpu === undefined)
    throw new CommandFailure(`--gpu must be one of ${Object.keys(GPUS).join(', ')}, not "${name}"`);
  if (hasDrivers(name)) return gpu;
  throw new CommandFailure(
    `The drivers that compile for ${gpu.title} are not in ${driversFolder()}. On Debian 13, as root: ${SETUP}`,
  );
}

/**
 * Returns the command that compiles for a GPU: it runs the compiled compile.c, in qemu if the GPU's driver is one for arm64.
 * @param {string} name of a GPU
 * @param {string} program path of compile.c, compiled for this machine
 * @returns {Invocation}
 */
export function invocationFor(name, program) {
  const { vendor } = expectGpu(name);
  const folder = driversFolder();
  const emulated = vendor.emulated === true;
  const registration = join(folder, `${vendor.driver}.json`);
  const environment = {
    LD_PRELOAD: shimOf(folder, vendor.shim, emulated),
    VK_DRIVER_FILES: registration,
    VK_ICD_FILENAMES: registration,
    MESA_SHADER_CACHE_DISABLE: 'true',
    ...(vendor.checks === 'shader' && { WEBVERA_ISA_UNCHECKED: '1' }),
    ...vendor.environment(name),
  };
  const { root, library } = roots(folder, emulated);
  if (!emulated) return { command: program, args: [], environment: { ...environment, LD_LIBRARY_PATH: library } };
  // qemu passes its environment to the program, except the variables that the program's dynamic loader reads. `-E` sets those, too.
  const inside = { ...environment, LD_PRELOAD: environment.LD_PRELOAD.slice(root.length) };
  const args = Object.entries(inside).flatMap(([key, value]) => ['-E', `${key}=${value}`]);
  return { command: 'qemu-aarch64', args: ['-L', root, ...args, builtForArm(library)], environment: {} };
}

/**
 * @param {string} folder
 * @param {boolean} emulated
 */
function roots(folder, emulated) {
  const root = join(folder, emulated ? 'root-arm64' : 'root-amd64');
  return { root, library: join(root, 'usr/lib', emulated ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu') };
}

/**
 * @param {string} folder
 * @param {string} shim
 * @param {boolean} emulated
 */
function shimOf(folder, shim, emulated) {
  const file = `lib${shim}_noop_drm_shim.so`;
  // No Debian package has the library that simulates Intel's GPUs, so setup.sh builds it, and stores it directly in the folder.
  return join(shim === 'intel' ? folder : roots(folder, emulated).library, file);
}
