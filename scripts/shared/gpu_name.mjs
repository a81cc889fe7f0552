/**
 * The name of a GPU for people; empty if the adapter doesn't report one.
 * @param {{ description: string, vendor: string, architecture: string }} info of the adapter
 */
export function gpuName({ description, vendor, architecture }) {
  return description || [vendor, architecture].filter(Boolean).join(' ');
}
