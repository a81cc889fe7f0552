/** How a kernel uses a binding: `write` creates a value, `update` changes an existing value. In WGSL, both are `read_write`. */
type Access = 'read' | 'write' | 'update';
/**
 * The type of a kernel's parameter: `f32`, or one of three types that are all `u32` in WGSL. A `size` is a count that determines the amount
 * of work; a `place` is an offset or index, which does not change the amount of work; `u32` is anything else.
 */
export type ParamType = 'u32' | 'f32' | 'size' | 'place';
/** The precision in which activations and their gradients are multiplied. Products are summed in f32. */
export type Arithmetic = 'f32' | 'f16';
/** Optional WebGPU features that kernels can use. */
export type Feature = 'subgroups' | 'shader-f16' | 'chromium-experimental-subgroup-matrix';
export type Bindings = Readonly<Record<string, Access>>;
export type ParamTypes = Readonly<Record<string, ParamType>>;
export type Params<P extends ParamTypes> = { readonly [K in keyof P]: number };
/** The number of workgroups in x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One implementation of a kernel: a shader and its grid. */
interface Variant<P extends ParamTypes = ParamTypes> {
  /**
   * The variant's family: `workgroup`, `serial`, `subgroup` …, or `default`. A kernel choice names a family; the family's first variant
   * whose `fits` returns true runs.
   */
  readonly name: string;
  /** The family and the variant's `cases`, joined by dots: 'serial.scalar'. Unique within the kernel. */
  readonly label: string;
  /** The texts of the WGSL files that form the shader. */
  readonly files: readonly string[];
  /** The WGSL source to compile. Each access joins the files again. */
  readonly wgsl: string;
  readonly overrides: Readonly<Record<string, number>>;
  /** Features that the variant needs beyond core WebGPU. */
  readonly features: readonly Feature[];
  /** Whether the shader reads `first_x` and `first_y`, so that its dispatch can be split. */
  readonly splits: boolean;
  /** The number of 32-bit registers that a thread needs to hold all its values. Default: 0, for a variant that needs few. */
  readonly registers: number;
  workgroups(params: Params<P>): Grid;
  /** Whether the variant can run with these params, even if slowly. Default: true. */
  fits(params: Params<P>): boolean;
  /** Returns the number of iterations of a thread's loop. A variant that needs too many isn't used. Default: 0. */
  turns(params: Params<P>): number;
}

/** The description of a kernel and its shaders. It needs no device, so programs can be planned without one. */
export interface Kernel<B extends Bindings = Bindings, P extends ParamTypes = ParamTypes> {
  readonly name: string;
  /** Bindings in order, from binding 1. Binding 0 is the uniform `Params`. */
  readonly bindings: B;
  readonly params: P;
  /**
   * Whether a large dispatch can be split into pieces, for slow devices. `Params` then end with `first_x` and `first_y`, the position of
   * the piece's first workgroup in the whole grid. Shaders add it to the workgroup's id. Shaders that read `num_workgroups` can't be split.
   */
  readonly splits: boolean;
  /** Implementations of the same computation that divide the work differently. The device's kernel choice picks one. */
  readonly variants: readonly Variant<P>[];
  /** For a kernel that computes several matrix products: a fused kernel that computes the first two products and their SwiGLU. */
  readonly gated?: AnyKernel | undefined;
  /**
   * For a kernel that computes several matrix products: a fused kernel that also applies rotary embeddings to the results of the first two.
   */
  readonly turned?: AnyKernel | undefined;
  /** Returns the number of floating-point operations of one dispatch. It serves to keep submits short and to report rates. */
  flops(params: Params<P>): number;
}

/** A kernel without its type parameters, as the executor uses it. */
export type AnyKernel = Kernel;
export type AnyVariant = Variant;

export interface VariantInit<P extends ParamTypes> {
  /** The variant's family. Default: 'default'. */
  readonly name?: string;
  /** Names of the special cases of params for which the variant is made, such as ['scalar']. Default: none, for the usual case. */
  readonly cases?: readonly string[];
  /** The texts of the shader's own file and of the `lib/` files that it needs, joined in this order. */
  readonly wgsl: readonly string[];
  readonly overrides?: Readonly<Record<string, number>>;
  readonly features?: readonly Feature[];
  /** False if this variant's dispatch can't be split. Default: the kernel's `splits`. */
  readonly splits?: false;
  readonly registers?: number;
  workgroups(params: Params<P>): Grid;
  fits?(params: Params<P>): boolean;
  turns?(params: Params<P>): number;
}

export interface KernelInit<B extends Bindings, P extends ParamTypes> {
  readonly name: string;
  readonly bindings: B;
  readonly params: P;
  /** Whether a large dispatch can be split: see `Kernel`. Default: false. */
  readonly splits?: boolean;
  readonly variants: readonly VariantInit<NoInfer<P>>[];
  readonly gated?: AnyKernel | undefined;
  readonly turned?: AnyKernel | undefined;
  flops?(params: Params<P>): number;
}

export function defineKernel<const B extends Bindings, const P extends ParamTypes>(
  init: KernelInit<B, P>,
): Kernel<B, P> {
  const { name, bindings, params, splits = false, gated, turned } = init;
  return {
    name,
    bindings,
    params,
    splits,
    variants: init.variants.map((variant) => defineVariant(variant, splits)),
    gated,
    turned,
    flops: (params) => init.flops?.(params) ?? 0,
  };
}

function defineVariant<P extends ParamTypes>(init: VariantInit<P>, kernelSplits: boolean): Variant<P> {
  const { name = 'default', cases = [], wgsl: files, overrides = {}, features = [], splits = kernelSplits } = init;
  const { registers = 0 } = init;
  return {
    name,
    label: [name, ...cases].join('.'),
    files,
    get wgsl() {
      return files.join('\n');
    },
    overrides,
    features,
    splits,
    registers,
    workgroups: (params) => init.workgroups(params),
    fits: (params) => init.fits?.(params) ?? true,
    turns: (params) => init.turns?.(params) ?? 0,
  };
}

/** The number of threads per workgroup in kernels with one thread per element. */
export const FLAT_THREADS = 64;

/**
 * Returns the grid of a kernel with one thread per element. The grid has two dimensions, because one dimension is limited to 65,535
 * workgroups. Shaders compute the index of a thread's element with `flat_index` of `lib/flat_index.wgsl`.
 */
export function flatGrid(elements: number): Grid {
  const groups = Math.ceil(elements / FLAT_THREADS);
  const x = Math.min(groups, 32768);
  return [Math.max(1, x), Math.max(1, Math.ceil(groups / Math.max(1, x)))];
}

/** Serialises `Params` for its uniform buffer: only scalars, four bytes each, in the order of `types`. */
export function packParams(types: ParamTypes, params: Readonly<Record<string, number>>): ArrayBuffer {
  const names = Object.keys(types);
  const buffer = new ArrayBuffer(Math.max(16, Math.ceil(names.length / 4) * 16));
  const view = new DataView(buffer);
  names.forEach((name, index) => {
    const value = params[name] ?? 0;
    if (types[name] === 'f32') view.setFloat32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  });
  return buffer;
}

/** Returns the byte offset of `first_x` and `first_y` in `Params`, for a kernel that splits. They follow the other params. */
export function firstOffset(types: ParamTypes): number {
  return 4 * Object.keys(types).length;
}
