/** How a kernel uses a binding. `write` and `update` are both `read_write` in WGSL; a `write` binding holds a new value. */
type Access = 'read' | 'write' | 'update';
/**
 * The type of a param: `f32`, or one of three kinds of `u32` in WGSL. A `size` is a count that determines the amount of work; a `place` is
 * an offset or index, which does not change the amount of work; `u32` is anything else.
 */
export type ParamType = 'u32' | 'f32' | 'size' | 'place';
/** The precision in which activations and their gradients are multiplied. Products are summed in f32. */
export type Arithmetic = 'f32' | 'f16';
/** Optional WebGPU features that kernels can use. */
export type Feature = 'subgroups' | 'shader-f16' | 'chromium-experimental-subgroup-matrix';
export type Bindings = Readonly<Record<string, Access>>;
export type ParamTypes = Readonly<Record<string, ParamType>>;
export type Params<P extends ParamTypes> = { readonly [K in keyof P]: number };
/** Workgroups in x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One implementation of a kernel: a shader and its grid. */
interface Variant<P extends ParamTypes = ParamTypes> {
  /**
   * The variant's family: `workgroup`, `serial`, `subgroup` …, or `default`. A kernel choice names a family, and the family's first
   * variant that fits runs.
   */
  readonly name: string;
  /** The family and the variant's `cases`, unique in its kernel: 'serial.scalar'. */
  readonly label: string;
  /** The shader's parts: complete files. */
  readonly files: readonly string[];
  /** The source to compile. Each access joins the files anew. */
  readonly wgsl: string;
  readonly overrides: Readonly<Record<string, number>>;
  /** Features that the variant needs beyond core WebGPU. */
  readonly features: readonly Feature[];
  /** Whether the shader reads `first_x` and `first_y`, so that its dispatch can be split. */
  readonly splits: boolean;
  /** The 32-bit registers that a thread needs so that a compiler can hold all values in registers. Default: 0, few. */
  readonly registers: number;
  workgroups(params: Params<P>): Grid;
  /** Whether the variant can run with these params, at any speed. Default: true. */
  fits(params: Params<P>): boolean;
  /** Iterations of one thread's loop, for variants that may need too many. Default: 0. */
  turns(params: Params<P>): number;
}

/**
 * The record of a kernel: everything that the host knows about its shader. It is plain data, so that kernels can be planned without a
 * device.
 */
export interface Kernel<B extends Bindings = Bindings, P extends ParamTypes = ParamTypes> {
  readonly name: string;
  /** Bindings in order, from binding 1. Binding 0 is the uniform `Params`. */
  readonly bindings: B;
  readonly params: P;
  /**
   * Whether a large dispatch can be split into pieces, for slow devices. `Params` then end with `first_x` and `first_y`: the first
   * workgroup of the piece in the whole grid, which shaders add to the workgroup's id. Shaders that read `num_workgroups` can't be split.
   */
  readonly splits: boolean;
  /** Variants with equal results and different work distributions. The device's kernel choice picks one. */
  readonly variants: readonly Variant<P>[];
  /** For a kernel that computes several products: the kernel that computes the first two of them and their SwiGLU. */
  readonly gated?: AnyKernel | undefined;
  /** For a kernel that computes several products: the kernel that computes the same products and rotates the first two. */
  readonly turned?: AnyKernel | undefined;
  /** Floating-point operations of one dispatch, to keep submits short and to report rates. */
  flops(params: Params<P>): number;
}

/** A kernel without its type parameters, as the executor uses it. */
export type AnyKernel = Kernel;
export type AnyVariant = Variant;

export interface VariantInit<P extends ParamTypes> {
  /** The family. Default: 'default'. */
  readonly name?: string;
  /** Names of the special params that the variant is for: ['scalar']. Default: none, for the family's usual params. */
  readonly cases?: readonly string[];
  /** The shader's file and the `lib/` files that it needs, joined in this order. */
  readonly wgsl: readonly string[];
  readonly overrides?: Readonly<Record<string, number>>;
  readonly features?: readonly Feature[];
  /** Default: the kernel's `splits`. */
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
  /** Default: false. */
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

/** Threads of a workgroup in kernels that process flat elements. */
export const FLAT_THREADS = 64;

/**
 * The grid of a kernel with one thread per element, folded into two dimensions, because one dimension is limited to 65,535 workgroups. The
 * shader computes its element with `flat_index` of `lib/flat_index.wgsl`.
 */
export function flatGrid(elements: number): Grid {
  const groups = Math.ceil(elements / FLAT_THREADS);
  const x = Math.min(groups, 32768);
  return [Math.max(1, x), Math.max(1, Math.ceil(groups / Math.max(1, x)))];
}

/** The bytes of `Params`: only scalars, four bytes each, in the record's order. */
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

/** The byte offset of `first_x` and `first_y` in the `Params` of a kernel that splits: after the record's params. */
export function firstOffset(types: ParamTypes): number {
  return 4 * Object.keys(types).length;
}
