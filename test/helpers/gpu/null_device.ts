import { create } from 'webgpu';

/** Dawn's null device, which compiles everything and computes nothing, with features that no driver here has. */
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
