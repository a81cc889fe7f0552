// Lets Dawn print the SPIR-V that Chrome's compiler makes of shaders, on standard output, in their order. It runs in a process of
// its own, as it is Dawn that prints. Its arguments: a JSON file, [{ index, wgsl, constants }], and `matrices` where these need
// subgroup matrices. Then it takes the driver that it finds, and prints nothing where that has none.
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';

/** @typedef {{ wgsl: string, constants: Readonly<Record<string, number>> }} Source */

/** Beyond WebGPU's types. */
const MATRICES = /** @type {GPUFeatureName} */ (/** @type {string} */ ('chromium-experimental-subgroup-matrix'));

/** @type {readonly (Source & { index: number })[]} */
const sources = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

const ofMatrices = process.argv[3] === 'matrices';
if (!ofMatrices) chooseLavapipe();
const gpu = create(['enable-dawn-features=dump_shaders,disable_symbol_renaming,allow_unsafe_apis']);
const adapter = await gpu.requestAdapter();
if (adapter === null) throw new Error('Dawn found no Vulkan driver');
if (ofMatrices && !adapter.features.has(MATRICES)) process.exit();
const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupSizeX } = adapter.limits;
const device = await adapter.requestDevice({
  requiredFeatures: /** @type {GPUFeatureName[]} */ (['subgroups', 'shader-f16', MATRICES]).filter((one) =>
    adapter.features.has(one),
  ),
  requiredLimits: { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupSizeX },
});
for (const { index, wgsl, constants } of sources) {
  // Dawn prints the text first, and in it which one it is.
  const module = device.createShaderModule({ code: `// shader ${index}\n${wgsl}` });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}
// A device that ignores commands can't be taken down in good order.
if (ofMatrices) process.exit();
device.destroy();
