// The GPUs for which Mesa's drivers can compile on a machine without such a GPU, and their names in these drivers.
import { readAmd } from './amd.mjs';
import { readApple } from './apple.mjs';
import { readArm } from './arm.mjs';
import { readIntel } from './intel.mjs';
import { readNvidia } from './nvidia.mjs';
import { readQualcomm } from './qualcomm.mjs';

/**
 * @typedef {object} Vendor
 * @property {string} driver Mesa's name for the Vulkan driver
 * @property {string} shim Mesa's name for the library that answers the driver's system calls in place of the kernel
 * @property {(gpu: string) => Readonly<Record<string, string>>} environment returns the variables that select the GPU
 * @property {string | undefined} text name of the listing among a pipeline's representations; undefined if the driver prints it itself
 * @property {import('./listing.mjs').ListingReader} read
 * @property {readonly string[]} registers possible names of the statistic that counts a thread's registers. The first one that the driver
 * reports is used
 * @property {readonly string[]} spills names of the statistics that count spilled registers. If no register spills, their sum is 0
 * @property {'driver' | 'shader'} checks whether the driver or the shader checks that buffer indices are in range. On Linux, Chrome lets
 * the driver do it. For Metal and Direct3D, Dawn adds the checks to the shader. 'shader' is used if Mesa's driver splits vector reads
 * for its checks, and the vendor's own driver doesn't
 * @property {boolean} [emulated] whether the driver is one for arm64, which runs in qemu. Compiling a kernel that spills then takes minutes
 */
/**
 * @typedef {object} Gpu
 * @property {string} title
 * @property {Vendor} vendor
 * @property {{ vendor: string, architecture: string }} info as Chrome describes the GPU
 */

/** @type {Vendor} */
const INTEL = {
  driver: 'intel',
  shim: 'intel',
  environment: (gpu) => ({ INTEL_STUB_GPU_PLATFORM: gpu }),
  text: 'GEN Assembly',
  read: readIntel,
  // The statistic "GRF registers" is left out, because it is 0 for GPUs before Xe3.
  registers: ['Max live registers'],
  spills: ['Spill count', 'Fill count', 'Spills', 'Fills'],
  checks: 'driver',
};

/** @type {Vendor} */
const NVIDIA = {
  driver: 'nouveau',
  shim: 'nouveau',
  environment: (gpu) => ({ NOUVEAU_CHIPSET: gpu.slice(2), NVK_I_WANT_A_BROKEN_VULKAN_DRIVER: '1' }),
  text: 'NAK assembly',
  read: readNvidia,
  registers: ['Number of GPRs', 'GPRs'],
  spills: ['Spills to memory', 'Fills from memory'],
  checks: 'shader',
};

/** @type {Vendor} */
const APPLE = {
  driver: 'asahi',
  shim: 'asahi',
  environment: () => ({ AGX_MESA_DEBUG: 'shaders' }),
  text: undefined,
  read: readApple,
  registers: ['GPRs', 'Number of GPRs'],
  spills: ['Spills', 'Fills', 'Scratch'],
  checks: 'shader',
};

/** @type {Vendor} */
const QUALCOMM = {
  driver: 'freedreno',
  shim: 'freedreno',
  environment: (gpu) => ({ FD_GPU_ID: gpu.slice(1) }),
  text: 'IR3 Assembly',
  read: readQualcomm,
  registers: ['Registers used'],
  spills: ['STP Count', 'LDP Count'],
  checks: 'driver',
};

/** @type {Vendor} */
const ARM = {
  driver: 'panfrost',
  shim: 'panfrost',
  environment: (gpu) => ({ PAN_GPU_ID: gpu.slice('mali_'.length), PAN_I_WANT_A_BROKEN_VULKAN_DRIVER: '1' }),
  text: 'Assembly',
  read: readArm,
  registers: ['Registers used'],
  spills: ['Spills', 'Fills'],
  checks: 'driver',
  emulated: true,
};

/** @type {Vendor} */
const AMD = {
  driver: 'radeon',
  shim: 'amdgpu',
  environment: (gpu) => ({ AMDGPU_GPU_ID: gpu }),
  text: 'Assembly',
  read: readAmd,
  registers: ['VGPRs'],
  spills: ['Spilled VGPRs', 'Spilled SGPRs'],
  checks: 'driver',
};

/**
 * The GPUs by their names in `--gpu`. For AMD and Intel, these are Mesa's names; for most other GPUs, they contain the number with which
 * the driver selects the GPU.
 * @type {Readonly<Record<string, Gpu>>}
 */
export const GPUS = {
  tgl: { title: 'Intel Tiger Lake', vendor: INTEL, info: { vendor: 'intel', architecture: 'gen-12lp' } },
  dg2: { title: 'Intel Arc A770', vendor: INTEL, info: { vendor: 'intel', architecture: 'gen-12hp' } },
  lnl: { title: 'Intel Lunar Lake', vendor: INTEL, info: { vendor: 'intel', architecture: 'xe-2lpg' } },
  ptl: { title: 'Intel Panther Lake', vendor: INTEL, info: { vendor: 'intel', architecture: 'xe-3lpg' } },
  nv162: { title: 'NVIDIA Turing', vendor: NVIDIA, info: { vendor: 'nvidia', architecture: 'turing' } },
  nv172: { title: 'NVIDIA Ampere', vendor: NVIDIA, info: { vendor: 'nvidia', architecture: 'ampere' } },
  m1: { title: 'Apple M1', vendor: APPLE, info: { vendor: 'apple', architecture: 'metal-3' } },
  a660: { title: 'Qualcomm Adreno 660', vendor: QUALCOMM, info: { vendor: 'qualcomm', architecture: 'adreno-6xx' } },
  a730: { title: 'Qualcomm Adreno 730', vendor: QUALCOMM, info: { vendor: 'qualcomm', architecture: 'adreno-7xx' } },
  mali_a867: { title: 'ARM Mali-G610', vendor: ARM, info: { vendor: 'arm', architecture: 'valhall' } },
  navi31: { title: 'AMD Radeon RX 7900', vendor: AMD, info: { vendor: 'amd', architecture: 'rdna-3' } },
  navi21: { title: 'AMD Radeon RX 6800', vendor: AMD, info: { vendor: 'amd', architecture: 'rdna-2' } },
  vega10: { title: 'AMD Radeon RX Vega', vendor: AMD, info: { vendor: 'amd', architecture: 'gcn-5' } },
};
