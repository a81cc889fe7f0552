import block from '../../../shaders/lib/block.wgsl?raw';
import enableSubgroups from '../../../shaders/lib/enable_subgroups.wgsl?raw';
import neighbours from '../../../shaders/lib/neighbours.wgsl?raw';
import ofPart from '../../../shaders/lib/of_part.wgsl?raw';
import addendScalar from '../../../shaders/products/lib/addend_scalar.wgsl?raw';
import addendVec4 from '../../../shaders/products/lib/addend_vec4.wgsl?raw';
import fewRowsWgsl from '../../../shaders/products/lib/few_rows.wgsl?raw';
import leftColumns from '../../../shaders/products/lib/left_columns.wgsl?raw';
import leftFromStart from '../../../shaders/products/lib/left_from_start.wgsl?raw';
import leftRows from '../../../shaders/products/lib/left_rows.wgsl?raw';
import leftScalar from '../../../shaders/products/lib/left_scalar.wgsl?raw';
import leftVec4 from '../../../shaders/products/lib/left_vec4.wgsl?raw';
import lowScalar from '../../../shaders/products/lib/low_scalar.wgsl?raw';
import lowVec4 from '../../../shaders/products/lib/low_vec4.wgsl?raw';
import onePart from '../../../shaders/products/lib/one_part.wgsl?raw';
import oneRange from '../../../shaders/products/lib/one_range.wgsl?raw';
import partOfTile from '../../../shaders/products/lib/part_of_tile.wgsl?raw';
import partsApart from '../../../shaders/products/lib/parts_apart.wgsl?raw';
import perColumnScalar from '../../../shaders/products/lib/per_column_scalar.wgsl?raw';
import perColumnVec4 from '../../../shaders/products/lib/per_column_vec4.wgsl?raw';
import quad from '../../../shaders/products/lib/quad.wgsl?raw';
import resultScalar from '../../../shaders/products/lib/result_scalar.wgsl?raw';
import resultVec4 from '../../../shaders/products/lib/result_vec4.wgsl?raw';
import resultWhole from '../../../shaders/products/lib/result_whole.wgsl?raw';
import rightBeginColumns from '../../../shaders/products/lib/right_begin_columns.wgsl?raw';
import rightBeginRows from '../../../shaders/products/lib/right_begin_rows.wgsl?raw';
import rightColumns from '../../../shaders/products/lib/right_columns.wgsl?raw';
import rightF16 from '../../../shaders/products/lib/right_f16.wgsl?raw';
import rightF32 from '../../../shaders/products/lib/right_f32.wgsl?raw';
import rightRows from '../../../shaders/products/lib/right_rows.wgsl?raw';
import rightScalar from '../../../shaders/products/lib/right_scalar.wgsl?raw';
import rightScaledColumns from '../../../shaders/products/lib/right_scaled_columns.wgsl?raw';
import rightScaledRows from '../../../shaders/products/lib/right_scaled_rows.wgsl?raw';
import tileRegister from '../../../shaders/products/lib/tile_register.wgsl?raw';
import tileRow from '../../../shaders/products/lib/tile_row.wgsl?raw';
import tileRowSerial from '../../../shaders/products/lib/tile_row_serial.wgsl?raw';
import tileStage from '../../../shaders/products/lib/tile_stage.wgsl?raw';
import tileSubgroup from '../../../shaders/products/lib/tile_subgroup.wgsl?raw';
import tileWide from '../../../shaders/products/lib/tile_wide.wgsl?raw';
import tileWorkgroup from '../../../shaders/products/lib/tile_workgroup.wgsl?raw';
import tileWorkgroupSmall from '../../../shaders/products/lib/tile_workgroup_small.wgsl?raw';
import wholeRange from '../../../shaders/products/lib/whole_range.wgsl?raw';
import { WebVeraError } from '../../core/error';
import {
  type Bindings,
  defineKernel,
  FLAT_THREADS,
  flatGrid,
  type Grid,
  type Kernel,
  type Params,
  type ParamTypes,
  type VariantInit,
} from '../../core/kernel';
import { ceilDiv, formatShape } from '../../core/shape';
import type { Value } from '../../graph/value';

/*
 * A matrix product is put together from whole files: the kernel (sizes, bindings, what to do with a result), a tile
 * (who computes what), and for each operand its layout (which way K runs) and its storage (what a word holds).
 */

/** The lines of the left operand and of the result: `vec4` if all are whole ones, `ragged` if only the left's are. */
export type Lines = 'vec4' | 'ragged' | 'scalar';
/** How the lines of the right operand are stored. Lines of `f16` are multiples of 4. */
export type RightStorage = 'f32' | 'f16' | 'scalar';

export interface ProductInit<B extends Bindings, P extends ParamTypes> {
  readonly name: string;
  readonly bindings: B;
  readonly params: P;
  /** The kernel's own file. */
  readonly wgsl: string;
  /** Further `lib/` files that it calls. */
  readonly libs?: readonly string[];
  readonly left: keyof typeof LAYOUTS.left;
  readonly right: keyof typeof LAYOUTS.right;
  /** Whether a low-rank K range comes first; it is stored as the left operand is. */
  readonly lowRank?: boolean;
  /** Whether something is added to the result that is stored as it is, or in f16. */
  readonly addend?: boolean;
  /** Whether the kernel has something for each column of the result. */
  readonly perColumn?: boolean;
  /**
   * How several parts go together, with operands of their own. `apart`: each has buffers of its own, and the kernel says
   * which workgroups take part in it. `tile`: they share buffers, and a workgroup's first row says which one it has. One
   * part unless given.
   */
  readonly parts?: 'apart' | 'tile';
  /** Set where the kernel says where a part's left operand begins. */
  readonly leftBase?: boolean;
  /** Set where the kernel says where a row of the result begins. */
  readonly resultStart?: boolean;
  /** Files for a kernel that doesn't put blocks into a result, but makes something else of a tile. */
  readonly gather?: Readonly<Record<'workgroup' | 'subgroup', string>>;
  /** Whether there is a tile for few rows: K must run along the lines of both operands. */
  readonly fewRows?: boolean;
  /**
   * Whether a dispatch is the product alone. Tiles on quads then have a shader without the rest, which the constant PLAIN
   * tells: software adapters run both sides of a branch.
   */
  plain?(params: Params<P>): boolean;
  /** Rows and columns of the result, and the length of the sums (both ranges together). */
  size(params: Params<P>): readonly [rows: number, columns: number, inner: number];
  /** The rows that the grid covers, where gaps make it more than those of the result. */
  rows?(params: Params<P>): number;
  /** Into how many slices K is cut, each for workgroups of its own: 1 unless given. The kernel says where they begin. */
  slices?(params: Params<P>): number;
}

/** A kernel for each pair of storages. */
export type Product<B extends Bindings, P extends ParamTypes> = {
  readonly [L in Lines]: { readonly [R in RightStorage]: Kernel<B, P> };
};

/** Rows and columns of a tile of results, in every family but `workgroup_small`. */
export const TILE = 64;
const SMALL_TILE = 32;
/** With as many tiles, each core of a large GPU has one. */
const BUSY_TILES = 128;

const LAYOUTS = {
  /** `scaled_*`: the kernel says by what each k is scaled. `own`: it reads its blocks itself. */
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
  right: { f32: rightF32, f16: rightF16, scalar: rightScalar },
  low: { vec4: lowVec4, ragged: lowVec4, scalar: lowScalar },
  result: { vec4: resultVec4, ragged: resultScalar, scalar: resultScalar },
  perColumn: { vec4: perColumnVec4, ragged: perColumnScalar, scalar: perColumnScalar },
  addend: { vec4: addendVec4, ragged: addendScalar, scalar: addendScalar },
} as const;

const PARTS = { one: [onePart], apart: [ofPart, partsApart], tile: [ofPart, partOfTile] } as const;

/** How many parts a product has at most. */
export const MOST_PARTS = 3;

/** Up to so many rows, the right operand is read once for all of them. */
const FEW_ROWS = 4;

export function defineProduct<const B extends Bindings, const P extends ParamTypes>(
  init: ProductInit<B, P>,
): Product<B, P> {
  const make = (lines: Lines, right: RightStorage): Kernel<B, P> => {
    const files = [
      init.wgsl,
      ...(init.libs ?? []),
      ...(init.gather === undefined ? [STORAGES.result[lines]] : []),
      ...(init.perColumn ? [STORAGES.perColumn[lines]] : []),
      ...(init.addend ? [STORAGES.addend[lines]] : []),
      ...(init.gather === undefined && !init.resultStart ? [resultWhole] : []),
      ...LAYOUTS.left[init.left],
      STORAGES.left[lines],
      ...LAYOUTS.right[init.right],
      STORAGES.right[right],
      init.lowRank ? STORAGES.low[lines] : oneRange,
      ...PARTS[init.parts ?? 'one'],
      ...(init.leftBase ? [] : [leftFromStart]),
      ...(init.slices === undefined ? [wholeRange] : []),
      block,
    ];
    return defineKernel({
      name: init.name,
      bindings: init.bindings,
      params: init.params,
      variants: variants(files, init),
      flops: (params) => init.size(params).reduce((product, size) => product * size, 2),
    });
  };
  const byRight = (lines: Lines) => ({
    f32: make(lines, 'f32'),
    f16: make(lines, 'f16'),
    scalar: make(lines, 'scalar'),
  });
  return { vec4: byRight('vec4'), ragged: byRight('ragged'), scalar: byRight('scalar') };
}

/**
 * The families of tiles. `register`: 8 × 4 results a thread, operands straight from memory. `wide`: the same with
 * 8 × 8, for devices with many registers or none. `workgroup`: 8 × 8, operands through workgroup memory, and
 * `workgroup_small`: 4 × 4, for results with few tiles. `subgroup`: 16 × 4, left operands from neighbours. For few rows,
 * `row`: a workgroup for four columns, and `row_serial`: a thread.
 */
function variants<P extends ParamTypes>(
  files: readonly string[],
  { size, rows, slices, fewRows, plain, gather }: Omit<ProductInit<Bindings, P>, 'name'>,
): VariantInit<P>[] {
  const tilesOf = (params: Params<P>, tile: number): readonly [number, number, number] => {
    const [own, columns] = size(params);
    return [ceilDiv(rows?.(params) ?? own, tile), ceilDiv(columns, tile), slices?.(params) ?? 1];
  };
  const tiles = (params: Params<P>): Grid => tilesOf(params, TILE);
  const row: VariantInit<P> = {
    name: 'row',
    wgsl: [...files, fewRowsWgsl, tileRow],
    workgroups: (params) => flatGrid(ceilDiv(size(params)[1], 4) * FLAT_THREADS),
    fits: (params) => size(params)[0] <= FEW_ROWS,
  };
  const rowSerial: VariantInit<P> = {
    ...row,
    name: 'row_serial',
    wgsl: [...files, fewRowsWgsl, tileRowSerial],
    workgroups: (params) => flatGrid(ceilDiv(size(params)[1], TILE) * FLAT_THREADS),
  };
  const shared = gather === undefined ? files : [...files, gather.workgroup];
  const split = gather === undefined ? files : [...files, gather.subgroup];
  const subgroup: VariantInit<P> = {
    name: 'subgroup',
    wgsl: [enableSubgroups, ...split, neighbours, tileSubgroup],
    features: ['subgroups'],
    workgroups: (params) => inQuarters(tiles(params)),
  };
  const small: VariantInit<P> = {
    name: 'workgroup_small',
    wgsl: [...files, tileWorkgroupSmall, tileStage],
    workgroups: (params) => tilesOf(params, SMALL_TILE),
    fits: (params) => tilesOf(params, TILE).reduce((x, y) => x * y) < BUSY_TILES,
  };
  return [
    { name: 'register', wgsl: [...shared, tileRegister], workgroups: tiles },
    { name: 'wide', wgsl: [...shared, quad, tileWide], workgroups: tiles },
    { name: 'workgroup', wgsl: [...shared, quad, tileWorkgroup, tileStage], workgroups: tiles },
    ...(gather === undefined ? [small] : []),
    ...(plain === undefined ? [] : [{ ...subgroup, overrides: { PLAIN: 1 }, fits: plain }]),
    subgroup,
    ...(fewRows ? [row, rowSerial] : []),
  ];
}

/** Items in groups of as many as a product has parts: each joins the first that it fits into. */
export function inParts<T>(items: readonly T[], fits: (item: T, group: readonly T[]) => boolean): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const open = groups.find((group) => group.length < MOST_PARTS && fits(item, group));
    if (open === undefined) groups.push([item]);
    else open.push(item);
  }
  return groups;
}

/** What each of the parts binds; the first one's stands in for parts that aren't there. */
export function threeValues([first, second = first, third = first]: readonly Value[]): readonly [Value, Value, Value] {
  if (first === undefined || second === undefined || third === undefined) {
    throw new WebVeraError('internal', 'A product has at least one part');
  }
  return [first, second, third];
}

/** Sizes of the parts: 0 for those that aren't there. */
export function threeSizes([first = 0, second = 0, third = 0]: readonly number[]): readonly [number, number, number] {
  return [first, second, third];
}

/** How lines of these lengths are read and written: vec4s only where the lines, and K along them, are whole ones. */
export function linesOf(left: readonly number[], result = 4): Lines {
  if (left.some((length) => length % 4 !== 0)) return 'scalar';
  return result % 4 === 0 ? 'vec4' : 'ragged';
}

/** Throws `invalid_argument` for f16 lines that are no multiples of 4: loaders widen those to f32. */
export function rightStorage({ name, dtype, shape }: Value): RightStorage {
  const whole = (shape.at(-1) ?? 0) % 4 === 0;
  if (dtype === 'f32') return whole ? 'f32' : 'scalar';
  if (dtype === 'f16' && whole) return 'f16';
  throw new WebVeraError(
    'invalid_argument',
    `${name}: expected f32, or f16 with rows of a multiple of 4, got ${dtype} ${formatShape(shape)}`,
  );
}

/** A grid of tiles that are four workgroups each, side by side. */
function inQuarters([x, y = 1, z = 1]: Grid): Grid {
  return [x, 4 * y, z];
}
