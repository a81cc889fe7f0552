import type { AnyKernel } from '../core/kernel';

/** A fingerprint of these kernels' shaders: 32 hexadecimal digits, others as soon as one of them changes. */
export async function kernelVersion(kernels: readonly AnyKernel[]): Promise<string> {
  const texts = kernels.flatMap(({ name, variants }) =>
    variants.map(({ name: variant, overrides, wgsl }) => JSON.stringify([name, variant, overrides, wgsl])),
  );
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(texts.join('\n')));
  const digits = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'));
  return digits.join('').slice(0, 32);
}
