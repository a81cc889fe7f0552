/**
 * Returns a readable name of a GPU; empty if the GPU adapter doesn't report one.
 * @param {{ description: string, vendor: string, architecture: string }} info of the GPU adapter
 */
export function gpuName({ description, vendor, architecture }) {
  return description || [vendor, architecture].filter(Boolean).join(' ');
}
