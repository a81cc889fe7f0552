import type { AnyKernel, AnyVariant } from '../../src/core/kernel';
import { Product } from '../../src/ops/products/product';

const modules = import.meta.glob<Record<string, unknown>>('../../src/ops/**/*.ts', { eager: true });
const shaders = import.meta.glob<string>('../../shaders/**/*.wgsl', { eager: true, query: '?raw', import: 'default' });

/** Every kernel record that a file of src/ops exports, alone or as one of a product. */
export function allKernels(): AnyKernel[] {
  const records = Object.values(modules).flatMap((module) => Object.values(module).flatMap(recordsOf));
  return [...new Set(records)];
}

function recordsOf(value: unknown): AnyKernel[] {
  if (value instanceof Product) return value.kernels();
  const isRecord = typeof value === 'object' && value !== null && 'bindings' in value && 'variants' in value;
  return isRecord ? [value as AnyKernel] : [];
}

/** Each different WGSL text among all kernels, once. */
export function allVariants(): { readonly name: string; readonly kernel: AnyKernel; readonly variant: AnyVariant }[] {
  const texts = new Set<string>();
  const variants = allKernels().flatMap((kernel) => kernel.variants.map((variant) => ({ kernel, variant })));
  return variants
    .filter(({ variant }) => {
      const key = JSON.stringify([variant.wgsl, variant.overrides]);
      return !texts.has(key) && texts.add(key);
    })
    .map(({ kernel, variant }, index) => ({ name: `${kernel.name}/${variant.name} (${index})`, kernel, variant }));
}

export interface ShaderFile {
  /** 'linear', or 'lib/quad': the folder of its family is left out, as no two families have a file of one name. */
  readonly name: string;
  readonly text: string;
  readonly isLib: boolean;
}

/** Every file below shaders/. */
export function shaderFiles(): ShaderFile[] {
  return Object.entries(shaders).map(([path, text]) => {
    const name = /(?:lib\/)?\w+(?=\.wgsl$)/.exec(path)?.[0] ?? path;
    return { name, text, isLib: name.startsWith('lib/') };
  });
}
