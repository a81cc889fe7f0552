// Makes Dawn print the SPIR-V of shaders, in order, as Chrome's compiler generates it. This script runs in its own process, because Dawn
// prints to the standard output of its process. Arguments: a JSON file with [{ index, wgsl, constants }]; `checked` if the shaders must
// check buffer indices themselves; `matrices` if the shaders need subgroup matrices. With `matrices`, Dawn uses the driver that the
// environment names, and prints nothing if that driver doesn't support subgroup matrices.
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';

/** @typedef {{ wgsl: string, constants: Readonly<Record<string, number>> }} Source */

/** An experimental feature that WebGPU's TypeScript types lack. */
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
  // Dawn prints the WGSL before the SPIR-V, so a comment in the WGSL can identify the shader.
  const module = device.createShaderModule({ code: `// shader ${index}\n${wgsl}` });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}
// The driver that is used with `matrices` ignores all commands, so its device can't be destroyed properly.
if (ofMatrices) process.exit();
device.destroy();
