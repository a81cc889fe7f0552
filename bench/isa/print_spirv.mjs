// Makes Dawn print the SPIR-V of shaders to standard output, in order, as Chrome's compiler makes it. It is a process of its own,
// because Dawn prints to the process's output. Arguments: a JSON file of [{ index, wgsl, constants }]; `checked` if the shaders are to check
// indices of buffers themselves; and `matrices` if they need subgroup matrices. Then the process uses the driver that it finds, and prints
// nothing if the driver has no matrices.
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';

/** @typedef {{ wgsl: string, constants: Readonly<Record<string, number>> }} Source */

/** A feature that WebGPU's types don't know. */
const MATRICES = /** @type {GPUFeatureName} */ (/** @type {string} */ ('chromium-experimental-subgroup-matrix'));

/** @type {readonly (Source & { index: number })[]} */
const sources = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

const how = process.argv.slice(3);
const ofMatrices = how.includes('matrices');
if (!ofMatrices) chooseLavapipe();
const gpu = create([
  'enable-dawn-features=dump_shaders,disable_symbol_renaming,allow_unsafe_apis',
  ...(how.includes('checked') ? ['disable-dawn-features=vulkan_use_buffer_robust_access_2'] : []),
]);
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
  // Dawn prints the WGSL before the SPIR-V, so that a comment can name the shader.
  const module = device.createShaderModule({ code: `// shader ${index}\n${wgsl}` });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}
// The driver of `matrices` ignores all commands, so its device can't be destroyed properly.
if (ofMatrices) process.exit();
device.destroy();
