import { create } from 'webgpu';

/** Opens Dawn's null device. It compiles everything and computes nothing, and supports features that the tests' drivers lack. */
export async function openNullDevice(
  ...features: readonly string[]
): Promise<{ readonly gpu: GPU; readonly device: GPUDevice }> {
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('Dawn has no null adapter');
  const device = await adapter.requestDevice({ requiredFeatures: [...features] as GPUFeatureName[] });
  // `gpu` must stay referenced, because Dawn's objects crash without it.
  return { gpu, device };
}
