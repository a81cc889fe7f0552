import type { AnyKernel, AnyVariant } from '../../src/core/kernel';

const modules = import.meta.glob<Record<string, unknown>>('../../src/ops/**/*.ts', { eager: true });
const shaders = import.meta.glob<string>('../../shaders/**/*.wgsl', { eager: true, query: '?raw', import: 'default' });

/** Every kernel record that a file of src/ops exports, alone or in a table of kernels. */
export function allKernels(): AnyKernel[] {
  const found = new Set<AnyKernel>();
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || found.has(value as AnyKernel)) return;
    if ('bindings' in value && 'variants' in value) found.add(value as AnyKernel);
    else if (Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)) {
      for (const entry of Object.values(value)) search(entry);
    }
  };
  for (const module of Object.values(modules)) for (const value of Object.values(module)) search(value);
  return [...found];
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
