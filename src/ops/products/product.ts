import type { AnyKernel, Bindings, Kernel, ParamTypes } from '../../core/kernels/kernel';
import { shaderKernel } from '../shader_kernel';
import { LINES, type Lines, RIGHT_READERS, RIGHT_STORAGES, type RightStorage } from './operand_storage';
import { type TileInit, tileVariants } from './tiles';

/*
 * The shader of a matrix product is assembled from whole files: the kernel's own (sizes, bindings, use of a result), a tile (which thread
 * computes which results), and for each operand its layout (the direction of K) and its storage format (the contents of a word).
 */

interface ProductInit<B extends Bindings, P extends ParamTypes> extends TileInit<P> {
  readonly name: string;
  readonly bindings: B;
  readonly params: P;
  /** Further files of `lib/` whose functions the kernel calls. */
  readonly libs?: readonly string[];
  readonly left: keyof typeof LAYOUTS.left;
  readonly right: keyof typeof LAYOUTS.right;
  /** Set if the kernels can read the lines of their operands in only one way (see `Lines`). Default: in every way. */
  readonly lines?: Lines;
  /** Whether the right operand is a base model's weight, which may have any storage format. Other right operands are f32. */
  readonly weight?: boolean;
  /**
   * Set if the product of two low-rank matrices is added to the result: K then has a low-rank range, which is summed before the main range.
   * The value is the layout of the right low-rank matrix. Both low-rank matrices have the left operand's storage format. Default: there is
   * only the main range.
   */
  readonly lowRank?: keyof typeof LOW_RANK;
  /** Whether a matrix is added to the result. Its storage format is that of the result, or f16. */
  readonly addend?: boolean;
  /**
   * Whether the kernel multiplies its results by factors. Its shader function `factor4` returns the factors of four consecutive columns.
   */
  readonly factor?: boolean;
  /**
   * How one dispatch computes several parts: matrix products, each with its own operands. A workgroup adds up the parts that it computes.
   * - `apart`: each part has its own buffers, and the kernel determines which workgroups compute it.
   * - `columns`: as `apart`, but each part has its own result, and the parts lie side by side in the columns of the grid.
   * - `in_turn`: parts share buffers, and every workgroup computes all parts.
   * - `tile`: parts share buffers, and the first row of a workgroup determines its part.
   *
   * Default: one part.
   */
  readonly parts?: Exclude<keyof typeof PARTS, 'one'>;
  /** Whether the kernel's own shader defines where a part's left operand begins in its buffer. */
  readonly leftBase?: boolean;
  /** Whether the kernel's own shader defines where a row of the result begins in its buffer. */
  readonly resultStart?: boolean;
  /** Whether the kernel's own shader, or one of `libs`, writes the finished blocks of 4 × 4 results. */
  readonly ownResult?: boolean;
  /**
   * For a kernel of several matrix products: the `Product` that computes the first two of them and also their SwiGLU. Its operands have the
   * same names.
   */
  readonly gated?: Follower;
  /**
   * For a kernel of several matrix products: the `Product` that computes them and also rotates the first two (queries and keys). Its
   * operands have the same names.
   */
  readonly turned?: Follower;
}

/** A `Product` that also does the work of the op after it. */
interface Follower {
  kernel(lines: Lines, right: RightStorage): AnyKernel;
}

const LAYOUTS = {
  left: { rows: ['left_rows'], columns: ['left_columns'] },
  /**
   * `scaled_*`: the operand is multiplied by a factor for each k, which the kernel defines. `own`: the kernel's own shader reads the
   * operand.
   */
  right: {
    rows: ['right_begin_rows', 'right_rows'],
    part_rows: ['right_begin_part_rows', 'right_rows'],
    /** The four columns of a block are two of the lower half of a head, then the corresponding two of its upper half. */
    part_halves: ['right_begin_part_halves', 'right_rows'],
    /** The four columns of a block are two of one part, then the same two of the other part. */
    pairs: ['right_pairs'],
    columns: ['right_begin_columns', 'right_columns'],
    scaled_rows: ['right_begin_rows', 'right_scaled_rows'],
    scaled_columns: ['right_begin_columns', 'right_scaled_columns'],
    own: [],
  },
} as const;
const STORAGES = {
  left: { vec4: 'left_vec4', ragged: 'left_vec4', scalar: 'left_scalar' },
  low: { vec4: 'low_vec4', ragged: 'low_vec4', scalar: 'low_scalar' },
  result: { vec4: 'result_vec4', ragged: 'result_scalar', scalar: 'result_scalar' },
  factor: { vec4: 'factor_vec4', ragged: 'factor_scalar', scalar: 'factor_scalar' },
  addend: { vec4: 'addend_vec4', ragged: 'addend_scalar', scalar: 'addend_scalar' },
} as const;

const LOW_RANK = {
  rows: 'low_rows',
  part_rows: 'low_part_rows',
  part_halves: 'low_part_halves',
  pairs: 'low_pairs',
  columns: 'low_columns',
} as const;

const PARTS = {
  one: ['one_part'],
  apart: ['of_part', 'parts_apart'],
  columns: ['of_part', 'parts_apart', 'column_parts'],
  in_turn: ['of_part', 'parts_in_turn'],
  tile: ['of_part', 'part_of_tile'],
} as const;

export function defineProduct<const B extends Bindings, const P extends ParamTypes>(
  init: ProductInit<B, P>,
): Product<B, P> {
  return new Product(init);
}

/**
 * A matrix product. It has a kernel for each combination of line access (see `Lines`) and storage format of the right operand, created when
 * it is first used.
 */
export class Product<B extends Bindings, P extends ParamTypes> {
  readonly #init: ProductInit<B, P>;
  readonly #made = new Map<string, Kernel<B, P>>();

  constructor(init: ProductInit<B, P>) {
    this.#init = init;
  }

  kernel(lines: Lines, right: RightStorage): Kernel<B, P> {
    const key = `${lines}.${right}`;
    const kernel = this.#made.get(key) ?? this.#make(lines, right);
    this.#made.set(key, kernel);
    return kernel;
  }

  /** The storage formats that the right operand may have. */
  get storages(): readonly RightStorage[] {
    const all: readonly RightStorage[] = this.#init.weight ? RIGHT_STORAGES : ['f32', 'scalar'];
    return this.#init.lines === 'vec4' ? all.filter((storage) => storage !== 'scalar') : all;
  }

  /** The ways of access to lines (see `Lines`) that the kernels support. */
  get lines(): readonly Lines[] {
    const { lines } = this.#init;
    return lines === undefined ? LINES : [lines];
  }

  /** Returns the kernels for all `lines` and all `storages`. */
  kernels(): Kernel<B, P>[] {
    return this.lines.flatMap((lines) => this.storages.map((right) => this.kernel(lines, right)));
  }

  #make(lines: Lines, right: RightStorage): Kernel<B, P> {
    const { name, bindings, params } = this.#init;
    return shaderKernel({
      name,
      bindings,
      params,
      splits: true,
      gated: this.#init.gated?.kernel(lines, right),
      turned: this.#init.turned?.kernel(lines, right),
      variants: tileVariants(this.#files(lines, right), this.#init),
      flops: (params) => this.#init.size(params).reduce((product, size) => product * size, 2),
    });
  }

  /** Returns the shader files of a kernel that all its tile variants have in common. */
  #files(lines: Lines, right: RightStorage): string[] {
    const init = this.#init;
    const hasResult = init.epilogue === undefined && !init.ownResult;
    return [
      init.name,
      ...(init.libs ?? []),
      ...(hasResult ? [STORAGES.result[lines]] : []),
      ...(init.factor ? [STORAGES.factor[lines]] : []),
      ...(init.addend ? [STORAGES.addend[lines]] : []),
      ...(hasResult && !init.resultStart ? [init.parts === 'columns' ? 'result_of_part' : 'result_whole'] : []),
      ...LAYOUTS.left[init.left],
      STORAGES.left[lines],
      ...LAYOUTS.right[init.right],
      ...RIGHT_READERS[right],
      ...(init.lowRank ? ['low_rank', LOW_RANK[init.lowRank], STORAGES.low[lines]] : ['one_range']),
      ...PARTS[init.parts ?? 'one'],
      ...(init.leftBase ? [] : ['left_from_start']),
      ...(init.slices === undefined ? ['whole_range'] : []),
      'block',
    ];
  }
}
