import block from '../../../shaders/lib/block.wgsl?raw';
import ofPart from '../../../shaders/lib/sums/of_part.wgsl?raw';
import leftColumns from '../../../shaders/products/lib/left/left_columns.wgsl?raw';
import leftFromStart from '../../../shaders/products/lib/left/left_from_start.wgsl?raw';
import leftRows from '../../../shaders/products/lib/left/left_rows.wgsl?raw';
import leftScalar from '../../../shaders/products/lib/left/left_scalar.wgsl?raw';
import leftVec4 from '../../../shaders/products/lib/left/left_vec4.wgsl?raw';
import onePart from '../../../shaders/products/lib/one_part.wgsl?raw';
import oneRange from '../../../shaders/products/lib/one_range.wgsl?raw';
import partOfTile from '../../../shaders/products/lib/part_of_tile.wgsl?raw';
import partsApart from '../../../shaders/products/lib/parts_apart.wgsl?raw';
import addendScalar from '../../../shaders/products/lib/results/addend_scalar.wgsl?raw';
import addendVec4 from '../../../shaders/products/lib/results/addend_vec4.wgsl?raw';
import lowScalar from '../../../shaders/products/lib/results/low_scalar.wgsl?raw';
import lowVec4 from '../../../shaders/products/lib/results/low_vec4.wgsl?raw';
import perColumnScalar from '../../../shaders/products/lib/results/per_column_scalar.wgsl?raw';
import perColumnVec4 from '../../../shaders/products/lib/results/per_column_vec4.wgsl?raw';
import resultScalar from '../../../shaders/products/lib/results/result_scalar.wgsl?raw';
import resultVec4 from '../../../shaders/products/lib/results/result_vec4.wgsl?raw';
import resultWhole from '../../../shaders/products/lib/results/result_whole.wgsl?raw';
import rightBeginColumns from '../../../shaders/products/lib/right/right_begin_columns.wgsl?raw';
import rightBeginRows from '../../../shaders/products/lib/right/right_begin_rows.wgsl?raw';
import rightColumns from '../../../shaders/products/lib/right/right_columns.wgsl?raw';
import rightRows from '../../../shaders/products/lib/right/right_rows.wgsl?raw';
import rightScaledColumns from '../../../shaders/products/lib/right/right_scaled_columns.wgsl?raw';
import rightScaledRows from '../../../shaders/products/lib/right/right_scaled_rows.wgsl?raw';
import wholeRange from '../../../shaders/products/lib/whole_range.wgsl?raw';
import { type Bindings, defineKernel, type Kernel, type ParamTypes } from '../../core/kernels/kernel';
import { LINES, type Lines, RIGHT_READERS, RIGHT_STORAGES, type RightStorage } from './operand_storage';
import { type TileInit, tileVariants } from './tiles';

/*
 * A matrix product is assembled from whole files: the kernel (sizes, bindings, use of a result), a tile (which thread computes which
 * results), and for each operand its layout (the direction of K) and its storage (the contents of a word).
 */

interface ProductInit<B extends Bindings, P extends ParamTypes> extends TileInit<P> {
  readonly name: string;
  readonly bindings: B;
  readonly params: P;
  /** The kernel's own file. */
  readonly wgsl: string;
  /** Further `lib/` files that it calls. */
  readonly libs?: readonly string[];
  readonly left: keyof typeof LAYOUTS.left;
  readonly right: keyof typeof LAYOUTS.right;
  /** Whether the right operand is a base model's weight, which may have any storage. Others are f32. */
  readonly weight?: boolean;
  /** Whether a low-rank K range precedes the main one. Its operands are stored like the left operand. */
  readonly lowRank?: boolean;
  /** Whether a matrix is added to the result. It is stored like the result, or in f16. */
  readonly addend?: boolean;
  /** Whether the kernel has a factor for each column of the result. */
  readonly perColumn?: boolean;
  /**
   * How several parts, each with its own operands, form one result. `apart`: each part has its own buffers, and the kernel determines which
   * workgroups compute it. `tile`: parts share buffers, and a workgroup's first row determines its part. Default: one part.
   */
  readonly parts?: 'apart' | 'tile';
  /** Whether the kernel itself defines the beginning of a part's left operand. */
  readonly leftBase?: boolean;
  /** Whether the kernel itself defines the beginning of a row of the result. */
  readonly resultStart?: boolean;
}

const LAYOUTS = {
  /** `scaled_*`: the kernel defines a factor for each k. `own`: the kernel reads its blocks itself. */
  left: { rows: [leftRows], columns: [leftColumns], own: [] },
  right: {
    rows: [rightBeginRows, rightRows],
    columns: [rightBeginColumns, rightColumns],
    scaled_rows: [rightBeginRows, rightScaledRows],
    scaled_columns: [rightBeginColumns, rightScaledColumns],
    own: [],
  },
} as const;
const STORAGES = {
  left: { vec4: leftVec4, ragged: leftVec4, scalar: leftScalar },
  low: { vec4: lowVec4, ragged: lowVec4, scalar: lowScalar },
  result: { vec4: resultVec4, ragged: resultScalar, scalar: resultScalar },
  perColumn: { vec4: perColumnVec4, ragged: perColumnScalar, scalar: perColumnScalar },
  addend: { vec4: addendVec4, ragged: addendScalar, scalar: addendScalar },
} as const;

const PARTS = { one: [onePart], apart: [ofPart, partsApart], tile: [ofPart, partOfTile] } as const;

export function defineProduct<const B extends Bindings, const P extends ParamTypes>(
  init: ProductInit<B, P>,
): Product<B, P> {
  return new Product(init);
}

/** A kernel for each pair of storages, created on first use. */
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

  /** The storages that the right operand may have. */
  get storages(): readonly RightStorage[] {
    return this.#init.weight ? RIGHT_STORAGES : ['f32', 'scalar'];
  }

  /** The kernels of all pairs. */
  kernels(): Kernel<B, P>[] {
    return LINES.flatMap((lines) => this.storages.map((right) => this.kernel(lines, right)));
  }

  #make(lines: Lines, right: RightStorage): Kernel<B, P> {
    const { name, bindings, params } = this.#init;
    return defineKernel({
      name,
      bindings,
      params,
      splits: true,
      variants: tileVariants(this.#files(lines, right), this.#init),
      flops: (params) => this.#init.size(params).reduce((product, size) => product * size, 2),
    });
  }

  /** All files except those of a tile. */
  #files(lines: Lines, right: RightStorage): string[] {
    const init = this.#init;
    return [
      init.wgsl,
      ...(init.libs ?? []),
      ...(init.epilogue === undefined ? [STORAGES.result[lines]] : []),
      ...(init.perColumn ? [STORAGES.perColumn[lines]] : []),
      ...(init.addend ? [STORAGES.addend[lines]] : []),
      ...(init.epilogue === undefined && !init.resultStart ? [resultWhole] : []),
      ...LAYOUTS.left[init.left],
      STORAGES.left[lines],
      ...LAYOUTS.right[init.right],
      ...RIGHT_READERS[right],
      init.lowRank ? STORAGES.low[lines] : oneRange,
      ...PARTS[init.parts ?? 'one'],
      ...(init.leftBase ? [] : [leftFromStart]),
      ...(init.slices === undefined ? [wholeRange] : []),
      block,
    ];
  }
}
