/** How a kernel uses a binding. In WGSL `write` and `update` are both `read_write`; `write` makes a new value. */
type Access = 'read' | 'write' | 'update';
/**
 * What a param is: `f32`, or else a `u32` in WGSL. Of those a `size` says how much there is of something; a `place`, where it
 * lies or which one it is, so that the work is the same with any other; `u32` is what is neither.
 */
export type ParamType = 'u32' | 'f32' | 'size' | 'place';
/** What products of activations and their gradients multiply in. They are summed in f32. */
export type Arithmetic = 'f32' | 'f16';
/** What a device may lack. */
export type Feature = 'subgroups' | 'shader-f16' | 'chromium-experimental-subgroup-matrix';
export type Bindings = Readonly<Record<string, Access>>;
export type ParamTypes = Readonly<Record<string, ParamType>>;
export type Params<P extends ParamTypes> = { readonly [K in keyof P]: number };
/** Workgroups in x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One way to run a kernel: a shader, and its grid. */
interface Variant<P extends ParamTypes = ParamTypes> {
  /**
   * `default`, or the family that it belongs to: `workgroup`, `serial`, `subgroup` … Several may have one name: the first
   * that fits is meant.
   */
  readonly name: string;
  /** The shader's parts, whole files. */
  readonly files: readonly string[];
  /** What is compiled: the files joined as they are, anew each time that it is asked for. */
  readonly wgsl: string;
  readonly overrides: Readonly<Record<string, number>>;
  /** What it needs of the device beyond core WebGPU. */
  readonly features: readonly Feature[];
  /** Whether it reads where a piece begins. */
  readonly splits: boolean;
  workgroups(params: Params<P>): Grid;
  /** Whether it can run these params, well or badly: true unless the record says otherwise. */
  fits(params: Params<P>): boolean;
  /** Turns of one thread's loop, where they may be too many: 0 unless the record says otherwise. */
  turns(params: Params<P>): number;
}

/** The record of a kernel: all that the host knows about its shader. Plain data, so that it can be planned anywhere. */
export interface Kernel<B extends Bindings = Bindings, P extends ParamTypes = ParamTypes> {
  readonly name: string;
  /** Binding 0 is the uniform `Params`; these follow in order, from binding 1. */
  readonly bindings: B;
  readonly params: P;
  /**
   * Whether a large dispatch can be split into pieces, for slow devices. `Params` then end with `first_x` and `first_y`, where a
   * piece begins in the whole grid, which shaders add to the workgroup's id. Shaders that ask how many workgroups there are
   * can't be split.
   */
  readonly splits: boolean;
  /** Equal results, different shapes of work; the device's rule picks one. */
  readonly variants: readonly Variant<P>[];
  /** Floating-point operations of one dispatch, to keep submits short and to report rates. */
  flops(params: Params<P>): number;
}

/** A kernel whose types were forgotten, as the executor sees it. */
export interface AnyKernel {
  readonly name: string;
  readonly bindings: Bindings;
  readonly params: ParamTypes;
  readonly splits: boolean;
  readonly variants: readonly AnyVariant[];
  flops(params: Readonly<Record<string, number>>): number;
}
export interface AnyVariant {
  readonly name: string;
  readonly files: readonly string[];
  readonly wgsl: string;
  readonly overrides: Readonly<Record<string, number>>;
  readonly features: readonly Feature[];
  readonly splits: boolean;
  workgroups(params: Readonly<Record<string, number>>): Grid;
  fits(params: Readonly<Record<string, number>>): boolean;
  turns(params: Readonly<Record<string, number>>): number;
}

export interface VariantInit<P extends ParamTypes> {
  readonly name?: string;
  /** The shader's file and the `lib/` files that complete it, joined as they are. */
  readonly wgsl: readonly string[];
  readonly overrides?: Readonly<Record<string, number>>;
  readonly features?: readonly Feature[];
  /** Default: that of the kernel. */
  readonly splits?: false;
  workgroups(params: Params<P>): Grid;
  fits?(params: Params<P>): boolean;
  turns?(params: Params<P>): number;
}

interface KernelInit<B extends Bindings, P extends ParamTypes> {
  readonly name: string;
  readonly bindings: B;
  readonly params: P;
  /** Default: false. */
  readonly splits?: boolean;
  readonly variants: readonly VariantInit<NoInfer<P>>[];
  flops?(params: Params<P>): number;
}

export function defineKernel<const B extends Bindings, const P extends ParamTypes>(
  init: KernelInit<B, P>,
): Kernel<B, P> {
  const { name, bindings, params, splits = false } = init;
  return {
    name,
    bindings,
    params,
    splits,
    variants: init.variants.map((variant) => defineVariant(variant, splits)),
    flops: (params) => init.flops?.(params) ?? 0,
  };
}

function defineVariant<P extends ParamTypes>(init: VariantInit<P>, kernelSplits: boolean): Variant<P> {
  const { name = 'default', wgsl: files, overrides = {}, features = [], splits = kernelSplits } = init;
  return {
    name,
    files,
    get wgsl() {
      return files.join('\n');
    },
    overrides,
    features,
    splits,
    workgroups: (params) => init.workgroups(params),
    fits: (params) => init.fits?.(params) ?? true,
    turns: (params) => init.turns?.(params) ?? 0,
  };
}

/** Threads in a workgroup that strides over flat elements. */
export const FLAT_THREADS = 64;

/**
 * The grid of a kernel with one thread per element: folded into two dimensions, as one holds 65,535 workgroups.
 * The shader finds its element by `flat_index` of `lib/flat_index.wgsl`.
 */
export function flatGrid(elements: number): Grid {
  const groups = Math.ceil(elements / FLAT_THREADS);
  const x = Math.min(groups, 32768);
  return [Math.max(1, x), Math.max(1, Math.ceil(groups / Math.max(1, x)))];
}

/** The bytes of `Params`: scalars only, four bytes each, in the record's order. */
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

/** Where the `Params` of a kernel that splits have `first_x` and `first_y`, in bytes: behind the record's. */
export function firstOffset(types: ParamTypes): number {
  return 4 * Object.keys(types).length;
}
