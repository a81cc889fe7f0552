import { sha256, toHex } from '../../core/input/digest';
import type { AnyKernel } from '../../core/kernels/kernel';

/**
 * Returns a fingerprint of these kernels' shaders, 32 hexadecimal digits. It changes when any shader changes. Each file is hashed once and
 * referenced by number: all sources as they are compiled would be about 12 MB.
 */
export async function kernelVersion(kernels: readonly AnyKernel[]): Promise<string> {
  const files = new Map<string, number>();
  const numberOf = (file: string): number => {
    const number = files.get(file) ?? files.size;
    files.set(file, number);
    return number;
  };
  const variants = kernels.flatMap(({ name, variants }) =>
    variants.map((variant) => [name, variant.name, variant.overrides, variant.files.map(numberOf)]),
  );
  const text = JSON.stringify([variants, [...files.keys()]]);
  return toHex(await sha256(new TextEncoder().encode(text))).slice(0, 32);
}
