import { sha256, toHex } from '../core/digest';
import type { AnyKernel } from '../core/kernel';

/** A fingerprint of these kernels' shaders, 32 hexadecimal digits: it changes whenever one of them does. */
export async function kernelVersion(kernels: readonly AnyKernel[]): Promise<string> {
  const texts = kernels.flatMap(({ name, variants }) =>
    variants.map(({ name: variant, overrides, wgsl }) => JSON.stringify([name, variant, overrides, wgsl])),
  );
  return toHex(await sha256(new TextEncoder().encode(texts.join('\n')))).slice(0, 32);
}
