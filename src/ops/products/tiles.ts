import {
  FLAT_THREADS,
  flatGrid,
  type Grid,
  type Params,
  type ParamTypes,
  type VariantInit,
} from '../../core/kernels/kernel';
import { ceilDiv } from '../../core/numbers/shape';

/** Rows and columns of a tile of results, except in the small families. */
export const TILE = 64;
const SMALL_TILE = 32;

/** Up to this many rows, the right operand is read once for all of them. */
const FEW_ROWS = 4;

/** The properties of a product that its tiles depend on. */
export interface TileInit<P extends ParamTypes> {
  /** The files that reduce a tile's blocks, for a kernel that doesn't store them. */
  readonly epilogue?: Readonly<Record<'workgroup' | 'small' | 'subgroup', string>>;
  /** Registers that a thread needs for what the kernel's blocks hold, beside those of its tile. Default: 0. */
  readonly held?: number;
  /** Whether there are tiles that multiply in f16, for devices on which it was requested: for activations and their gradients. */
  readonly f16?: boolean;
  /** Whether there is a tile of subgroup matrices, for the same devices: for values within f16's range, and one range of K. */
  readonly matrices?: boolean;
  /** Whether there is a tile for few rows: K must run along the lines of both operands. */
  readonly fewRows?: boolean;
  /**
   * Whether a dispatch has only the product, without bias and residual. The `subgroup` tile then has a shader that excludes them with the
   * constant PLAIN, because software GPUs run both sides of a branch.
   */
  plain?(params: Params<P>): boolean;
  /** Rows and columns of the result, and the length of K, including both ranges. */
  size(params: Params<P>): readonly [rows: number, columns: number, inner: number];
  /** The rows that the grid covers, if padding makes them more than the result's. */
  rows?(params: Params<P>): number;
  /** The columns that the grid covers, if padding makes them more than the result's. */
  columns?(params: Params<P>): number;
  /** The number of slices of K, each computed by its own workgroups. Default: 1. The kernel defines their beginnings. */
  slices?(params: Params<P>): number;
}

/**
 * The registers that tiles need (`VariantInit.registers`) in the code of GPUs' own compilers: with fewer, some compiler moves values of a K
 * loop to memory. Tiles of 8 × 8 results hold 64 sums, and 32 values on their way from memory; Apple's 128 registers are just enough.
 */
const REGISTERS = { register: 112, wide: 160, workgroup: 124, oblong: 96, small: 64, f16: 148, f16Small: 112 };

/**
 * A product's variants: its files with those of each tile. `register`: 8 × 4 results per thread, operands read directly from memory.
 * `wide`: the same with 8 × 8 results, for devices with many registers or without any. `workgroup`: 8 × 8 results, operands through
 * workgroup memory. `workgroup_oblong`: 8 × 4 results, with twice the threads. `workgroup_small`: 4 × 4 results, for results with few tiles
 * and GPUs with few registers; `workgroup_least`: the same for products that reduce their tiles, only for such GPUs. `f16` and
 * `f16_small`: `workgroup` and `workgroup_small`, multiplying in f16. `subgroup`: 16 × 4 results, left operands from neighbouring threads.
 * For few rows, four columns each: `row` by a workgroup, `row_serial` by a thread.
 */
export function tileVariants<P extends ParamTypes>(
  files: readonly string[],
  { size, rows, columns, slices, fewRows, plain, epilogue, f16, matrices, held = 0 }: TileInit<P>,
): VariantInit<P>[] {
  const tilesOf = (params: Params<P>, tile: number): Grid => {
    const [ownRows, ownColumns] = size(params);
    const [allRows, allColumns] = [rows?.(params) ?? ownRows, columns?.(params) ?? ownColumns];
    return [ceilDiv(allRows, tile), ceilDiv(allColumns, tile), slices?.(params) ?? 1];
  };
  const tiles = (params: Params<P>): Grid => tilesOf(params, TILE);
  const shared = epilogue === undefined ? files : [...files, epilogue.workgroup];
  const split = epilogue === undefined ? files : [...files, epilogue.subgroup];
  const subgroup: VariantInit<P> = {
    name: 'subgroup',
    wgsl: ['enable_subgroups', ...split, 'neighbours', 'tile_subgroup'],
    features: ['subgroups'],
    workgroups: (params) => inQuarters(tiles(params)),
  };
  const small: VariantInit<P> = {
    name: 'workgroup_small',
    wgsl: [...files, ...SMALL_FILES],
    registers: REGISTERS.small,
    workgroups: (params) => tilesOf(params, SMALL_TILE),
  };
  const least = (sums: string): VariantInit<P> => ({
    ...small,
    name: 'workgroup_least',
    wgsl: [...files, sums, ...SMALL_FILES],
    workgroups: (params) => inFour(tiles(params)),
  });
  return [
    {
      name: 'register',
      wgsl: [...shared, 'tile_register'],
      registers: REGISTERS.register + held,
      workgroups: tiles,
    },
    { name: 'wide', wgsl: [...shared, 'square', 'tile_wide'], registers: REGISTERS.wide, workgroups: tiles },
    {
      name: 'workgroup',
      wgsl: [...shared, 'square', 'tile_staged_square', 'tile_workgroup', 'tile_stage'],
      registers: REGISTERS.workgroup + held,
      workgroups: tiles,
    },
    {
      name: 'workgroup_oblong',
      wgsl: [...shared, 'tile_workgroup_oblong'],
      registers: REGISTERS.oblong + held,
      workgroups: tiles,
    },
    epilogue === undefined ? small : least(epilogue.small),
    ...(plain === undefined ? [] : [{ ...subgroup, cases: ['plain'], overrides: { PLAIN: 1 }, fits: plain }]),
    subgroup,
    ...(f16 ? [inF16(shared, tiles), inSmallF16(files, small.workgroups)] : []),
    ...(matrices ? [ofMatrices(files, tiles)] : []),
    ...(fewRows ? forFewRows(files, size, columns) : []),
  ];
}

const SMALL_FILES = ['tile_staged_block', 'tile_workgroup_small', 'tile_stage'];

function forFewRows<P extends ParamTypes>(
  files: readonly string[],
  size: TileInit<P>['size'],
  columns: TileInit<P>['columns'] = (params) => size(params)[1],
): VariantInit<P>[] {
  const row: VariantInit<P> = {
    name: 'row',
    wgsl: [...files, 'few_rows', 'tile_row'],
    splits: false,
    workgroups: (params) => flatGrid(ceilDiv(columns(params), 4) * FLAT_THREADS),
    fits: (params) => size(params)[0] <= FEW_ROWS,
  };
  const serial: VariantInit<P> = {
    ...row,
    name: 'row_serial',
    wgsl: [...files, 'few_rows', 'tile_row_serial'],
    workgroups: (params) => flatGrid(ceilDiv(columns(params), TILE) * FLAT_THREADS),
  };
  return [row, serial];
}

type Workgroups<P extends ParamTypes> = VariantInit<P>['workgroups'];

function inF16<P extends ParamTypes>(files: readonly string[], workgroups: Workgroups<P>): VariantInit<P> {
  const wgsl = ['tile_f16', ...files, 'square', 'tile_staged_square', 'tile_stage_f16'];
  return { name: 'f16', wgsl, features: ['shader-f16'], registers: REGISTERS.f16, workgroups };
}

function inSmallF16<P extends ParamTypes>(files: readonly string[], workgroups: Workgroups<P>): VariantInit<P> {
  const wgsl = ['tile_f16_small', ...files, 'tile_staged_block', 'tile_stage_f16'];
  return { name: 'f16_small', wgsl, features: ['shader-f16'], registers: REGISTERS.f16Small, workgroups };
}

function ofMatrices<P extends ParamTypes>(files: readonly string[], workgroups: Workgroups<P>): VariantInit<P> {
  const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as const;
  return { name: 'subgroup_matrix', wgsl: ['tile_subgroup_matrix', ...files], features, workgroups };
}

/** A grid in which each tile is four workgroups in y. */
function inQuarters([x, y = 1, z = 1]: Grid): Grid {
  return [x, 4 * y, z];
}

/** A grid in which each tile is four workgroups, two in x and two in y. */
function inFour([x, y = 1, z = 1]: Grid): Grid {
  return [2 * x, 2 * y, z];
}
