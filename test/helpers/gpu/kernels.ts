import type { AnyKernel, AnyVariant, Bindings, ParamTypes } from '../../../src/core/kernels/kernel';
import { storages } from '../../../src/core/numbers/storage';
import { Product } from '../../../src/ops/products/product';
import { pairsOf } from '../maths/covering';
import { coveringOfRing } from '../ring';

const modules = import.meta.glob<Record<string, unknown>>('../../../src/ops/**/*.ts', { eager: true });
const shaders = import.meta.glob<string>('../../../shaders/**/*.wgsl', {
  eager: true,
  query: '?raw',
  import: 'default',
});

export interface NamedKernel {
  /** A kernel's name, such as 'rms_norm'. For matrix products, row access and storage format are appended: 'linear.vec4.f32'. */
  readonly name: string;
  readonly kernel: AnyKernel;
}

/** Returns all kernels that files of src/ops export, directly or in a `Product` (a matrix product), sorted by file name. */
export function namedKernels(): NamedKernel[] {
  const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  const inOrder = Object.entries(modules).sort(([a], [b]) => (base(a) < base(b) ? -1 : 1));
  const all = inOrder.flatMap(([, module]) => Object.values(module).flatMap(recordsOf));
  return [...new Map(all.map((one) => [one.kernel, one])).values()];
}

export function allKernels(): AnyKernel[] {
  return namedKernels().map(({ kernel }) => kernel);
}

function recordsOf(value: unknown): NamedKernel[] {
  if (value instanceof Product) return kernelsOf(value);
  if (isKernel(value)) return [named(value)];
  // Some ops export an object with a kernel for each storage format of a matrix.
  const each = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return each.flatMap(([storage, one]) => (storage in storages && isKernel(one) ? [named(one, `.${storage}`)] : []));
}

function isKernel(value: unknown): value is AnyKernel {
  return typeof value === 'object' && value !== null && 'bindings' in value && 'variants' in value;
}

function kernelsOf<B extends Bindings, P extends ParamTypes>(product: Product<B, P>): NamedKernel[] {
  return product.lines.flatMap((lines) =>
    product.storages.map((storage) => named(product.kernel(lines, storage), `.${lines}.${storage}`)),
  );
}

function named(kernel: AnyKernel, storage = ''): NamedKernel {
  return { name: `${kernel.name}${storage}`, kernel };
}

/** Returns the variants of all kernels. If several have the same WGSL and constants, only the first is included. */
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

/**
 * Returns the variants that the current test command compiles. In `npm test`, these are a few variants that together contain every
 * pair of shader files or constants which occurs in any variant. `npm run test:all` compiles the rest.
 */
export function variantsOfRing(): ReturnType<typeof allVariants> {
  const all = allVariants();
  const names = new Map(shaderFiles().map(({ name, text }) => [text, name]));
  return coveringOfRing(all, ({ variant: { files, overrides } }) =>
    pairsOf([
      ...files.map((text) => names.get(text) ?? text),
      ...Object.entries(overrides).map(([name, value]) => `${name} = ${value}`),
    ]),
  );
}

export interface ShaderFile {
  /** The name without folders: 'linear', or 'lib/square' for a file that several kernels include. No two files have the same name. */
  readonly name: string;
  /** The path within shaders/. */
  readonly path: string;
  readonly text: string;
  readonly isLib: boolean;
}

/** Returns every file in shaders/. */
export function shaderFiles(): ShaderFile[] {
  return Object.entries(shaders).map(([file, text]) => {
    const path = file.replace(/^.*\/shaders\//, '');
    const [base = path] = /\w+(?=\.wgsl$)/.exec(path) ?? [];
    const isLib = /(?:^|\/)lib\//.test(path);
    return { name: isLib ? `lib/${base}` : base, path, text, isLib };
  });
}
