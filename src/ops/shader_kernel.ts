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

/** The files below shaders/, by name: no two have the same. */
const SHADERS: ReadonlyMap<string, string> = new Map(
  Object.entries(
    import.meta.glob<string>('../../shaders/**/*.wgsl', { eager: true, query: '?raw', import: 'default' }),
  ).map(([path, text]) => [path.slice(path.lastIndexOf('/') + 1, -'.wgsl'.length), text]),
);

/** A kernel whose variants name the files of shaders/ that they join: 'relu', 'flat_index'. */
export function shaderKernel<const B extends Bindings, const P extends ParamTypes>(
  init: KernelInit<B, P>,
): Kernel<B, P> {
  const variants = init.variants.map((variant) => ({ ...variant, wgsl: variant.wgsl.map(shaderText) }));
  return defineKernel({ ...init, variants });
}

interface FlatKernelInit<B extends Bindings, P extends ParamTypes> extends Omit<KernelInit<B, P>, 'variants'> {
  /** The files that complete the kernel's own, except `flat_index` and those that read words. */
  readonly with?: readonly string[];
  /** The number of threads without `vec4`: one for each element, or one for a few elements. The `vec4` variant has a quarter of them. */
  threads(params: Params<P>): number;
  /** Whether threads can process four elements at a time. Set for kernels whose elements are words. */
  inVec4?(params: Params<P>): boolean;
}

/** A kernel whose threads compute their element with `flat_index`. It has one variant, or two, for words of four numbers and of one. */
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
