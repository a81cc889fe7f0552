/** The reason why a page can't use the GPU. */
export type GpuProblem = 'insecure_page' | 'no_webgpu' | 'no_adapter';

/** The parts of the page's globals that the check reads. */
export interface GpuSurroundings {
  readonly isSecureContext: boolean;
  readonly gpu: GPU | undefined;
}

/** Returns the globals of this page. Test environments such as jsdom have no `isSecureContext`. */
export function surroundings(): GpuSurroundings {
  return { isSecureContext: globalThis.isSecureContext !== false, gpu: (navigator as { gpu?: GPU }).gpu };
}

/** Requests a GPU adapter, which takes no GPU memory. If the page gets none, returns the reason. */
export async function findAdapter({ isSecureContext, gpu }: GpuSurroundings): Promise<GPUAdapter | GpuProblem> {
  if (!isSecureContext) return 'insecure_page';
  if (gpu === undefined) return 'no_webgpu';
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  return adapter ?? 'no_adapter';
}
