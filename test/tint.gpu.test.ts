import { expect, test } from 'vitest';
import { gpuHost } from './helpers/gpu/gpu_host';
import { allVariants, variantsOfRing } from './helpers/gpu/kernels';
import { openNullDevice } from './helpers/gpu/null_device';

const MATRICES = 'chromium-experimental-subgroup-matrix';

/* Chromium's compiler must accept every shader, even those that this machine's adapter doesn't use. */

async function complaints(device: GPUDevice, wgsl: string): Promise<readonly string[]> {
  device.pushErrorScope('validation');
  const { messages } = await device.createShaderModule({ code: wgsl }).getCompilationInfo();
  await device.popErrorScope();
  return messages.map(({ type, lineNum, message }) => `${type} in line ${lineNum}: ${message}`);
}

/** A null device that compiles shaders with subgroup matrices, because no driver here supports them. */
const ofMatrices = await openNullDevice('shader-f16', 'subgroups', MATRICES);

test.each(variantsOfRing())('Tint takes $name', async ({ variant }) => {
  const { device } = variant.features.includes(MATRICES) ? ofMatrices : gpuHost();
  expect(await complaints(device, variant.wgsl)).toEqual([]);
});

test('Tint refuses wrong shaders', async () => {
  const barrier = '@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) {';
  expect(await complaints(gpuHost().device, `${barrier} let x: u32 = 1.5; }`)).toHaveLength(1);
  expect(await complaints(gpuHost().device, `${barrier} if (i == 0u) { workgroupBarrier(); } }`)).not.toEqual([]);
});

test('the tile of subgroup matrices becomes a pipeline', async () => {
  const found = allVariants().filter(({ variant }) => variant.features.includes(MATRICES));
  expect(found).toHaveLength(23);
  for (const { variant } of found) {
    const module = ofMatrices.device.createShaderModule({ code: variant.wgsl });
    await ofMatrices.device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  }
});
