// Lets Dawn print the SPIR-V that Chrome's compiler makes of shaders, on standard output, in their order. It runs in a process of
// its own, as it is Dawn that prints. Its one argument is a JSON file: [{ wgsl, constants }].
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';
import { chooseLavapipe } from '../lib/dawn.mjs';

/** @typedef {{ wgsl: string, constants: Readonly<Record<string, number>> }} Source */

/** @type {readonly Source[]} */
const sources = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

chooseLavapipe();
const gpu = create(['enable-dawn-features=dump_shaders,disable_symbol_renaming']);
const adapter = await gpu.requestAdapter();
if (adapter === null) throw new Error('Dawn found no Vulkan driver');
const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupSizeX } = adapter.limits;
const device = await adapter.requestDevice({
  requiredFeatures: /** @type {const} */ (['subgroups', 'shader-f16']).filter((one) => adapter.features.has(one)),
  requiredLimits: { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize, maxComputeWorkgroupSizeX },
});
for (const [index, { wgsl, constants }] of sources.entries()) {
  // Dawn prints the text first, and in it which one it is.
  const module = device.createShaderModule({ code: `// shader ${index}\n${wgsl}` });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}
device.destroy();
