import { expect, test } from 'vitest';
import { gpuHost } from './helpers/gpu_host';
import { allVariants } from './helpers/kernels';

/* The compiler of Chromium takes every shader, whichever of them this machine's adapter would be given. */

async function complaints(wgsl: string): Promise<readonly string[]> {
  const { device } = gpuHost();
  device.pushErrorScope('validation');
  const { messages } = await device.createShaderModule({ code: wgsl }).getCompilationInfo();
  await device.popErrorScope();
  return messages.map(({ type, lineNum, message }) => `${type} in line ${lineNum}: ${message}`);
}

test.each(allVariants())('Tint takes $name', async ({ variant }) => {
  expect(await complaints(variant.wgsl)).toEqual([]);
});

test('Tint refuses what is wrong', async () => {
  const barrier = '@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) {';
  expect(await complaints(`${barrier} let x: u32 = 1.5; }`)).toHaveLength(1);
  expect(await complaints(`${barrier} if (i == 0u) { workgroupBarrier(); } }`)).not.toEqual([]);
});
