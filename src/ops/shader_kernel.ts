import { WebVeraError } from '../core/errors/error';
import {
  type Bindings,
  defineKernel,
  flatGrid,
  type Kernel,
  type KernelInit,
  type Params,
  type ParamTypes,
  type VariantInit,
} from '../core/kernels/kernel';

/** The text of every shader file below shaders/, by file name. The names are unique. */
const SHADERS: ReadonlyMap<string, string> = new Map(
  Object.entries(
    import.meta.glob<string>('../../shaders/**/*.wgsl', { eager: true, query: '?raw', import: 'default' }),
  ).map(([path, text]) => [path.slice(path.lastIndexOf('/') + 1, -'.wgsl'.length), text]),
);

/** Defines a kernel. Each variant lists its shader files by name, such as 'relu' and 'flat_index'; their texts form one shader. */
export function shaderKernel<const B extends Bindings, const P extends ParamTypes>(
  init: KernelInit<B, P>,
): Kernel<B, P> {
  const variants = init.variants.map((variant) => ({ ...variant, wgsl: variant.wgsl.map(shaderText) }));
  return defineKernel({ ...init, variants });
}

interface FlatKernelInit<B extends Bindings, P extends ParamTypes> extends Omit<KernelInit<B, P>, 'variants'> {
  /** Further shader files that the kernel needs, besides its own, `flat_index`, and `word_vec4` or `word_scalar`. */
  readonly with?: readonly string[];
  /**
   * Returns the number of threads of the scalar variant: one for each element, or for a few elements. The `vec4` variant has a quarter of
   * them.
   */
  threads(params: Params<P>): number;
  /**
   * Whether threads can process four elements at a time. Set only for kernels whose shader uses the type `Word`: four elements, or a single
   * one.
   */
  inVec4?(params: Params<P>): boolean;
}

/**
 * Defines a kernel whose threads find their element with `flat_index`. With `inVec4` it has two variants, in which each thread processes
 * four elements or a single one; otherwise it has one variant.
 */
export function flatKernel<const B extends Bindings, const P extends ParamTypes>({
  with: files = [],
  threads,
  inVec4,
  ...init
}: FlatKernelInit<B, P>): Kernel<B, P> {
  const variant = (words: readonly string[], elements: number): VariantInit<P> => ({
    wgsl: [init.name, ...words, ...files, 'flat_index'],
    workgroups: (params) => flatGrid(threads(params) / elements),
  });
  const variants: VariantInit<P>[] =
    inVec4 === undefined
      ? [variant([], 1)]
      : [{ ...variant(['word_vec4'], 4), name: 'vec4', fits: inVec4 }, variant(['word_scalar'], 1)];
  return shaderKernel<B, P>({ ...init, variants });
}

function shaderText(name: string): string {
  const text = SHADERS.get(name);
  if (text === undefined) throw new WebVeraError('internal', `There is no file ${name}.wgsl below shaders/`);
  return text;
}
