import { expect, test } from 'vitest';
import { gpuHost } from './helpers/gpu/gpu_host';
import { allVariants, variantsOfRing } from './helpers/gpu/kernels';
import { openNullDevice } from './helpers/gpu/null_device';

const MATRICES = 'chromium-experimental-subgroup-matrix';

/* The compiler of Chromium takes every shader, whichever of them this machine's adapter would be given. */

async function complaints(device: GPUDevice, wgsl: string): Promise<readonly string[]> {
  device.pushErrorScope('validation');
  const { messages } = await device.createShaderModule({ code: wgsl }).getCompilationInfo();
  await device.popErrorScope();
  return messages.map(({ type, lineNum, message }) => `${type} in line ${lineNum}: ${message}`);
}

/** Matrices of subgroups are nobody's here, so a device takes them that runs nothing. */
const ofMatrices = await openNullDevice('shader-f16', 'subgroups', MATRICES);

test.each(variantsOfRing())('Tint takes $name', async ({ variant }) => {
  const { device } = variant.features.includes(MATRICES) ? ofMatrices : gpuHost();
  expect(await complaints(device, variant.wgsl)).toEqual([]);
});

test('Tint refuses what is wrong', async () => {
  const barrier = '@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) {';
  expect(await complaints(gpuHost().device, `${barrier} let x: u32 = 1.5; }`)).toHaveLength(1);
  expect(await complaints(gpuHost().device, `${barrier} if (i == 0u) { workgroupBarrier(); } }`)).not.toEqual([]);
});

test('the tile of subgroup matrices becomes a pipeline', async () => {
  const found = allVariants().filter(({ variant }) => variant.features.includes(MATRICES));
  expect(found).toHaveLength(18);
  for (const { variant } of found) {
    const module = ofMatrices.device.createShaderModule({ code: variant.wgsl });
    await ofMatrices.device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  }
});
