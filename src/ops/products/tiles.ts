import {
  FLAT_THREADS,
  flatGrid,
  type Grid,
  type Params,
  type ParamTypes,
  type VariantInit,
} from '../../core/kernels/kernel';
import { ceilDiv } from '../../core/numbers/shape';

/** The number of rows and of columns in a tile of results, except in the variants for small tiles. */
export const TILE = 64;
const SMALL_TILE = 32;

/** Up to this many rows of the left operand, the variants for few rows can be used: they read the right operand once for all rows. */
const FEW_ROWS = 4;

/** The properties of a matrix product that its tiles depend on. A tile is a rectangle of results that one or a few workgroups compute. */
export interface TileInit<P extends ParamTypes> {
  /** For a kernel that doesn't store its results: the shader files that reduce the results of each tile instead. */
  readonly epilogue?: Readonly<Record<'workgroup' | 'small' | 'subgroup', string>>;
  /** The number of registers that a thread needs for the kernel's own values, in addition to those of its tile. Default: 0. */
  readonly held?: number;
  /**
   * Whether there are tiles that multiply in f16, for devices on which f16 was requested. Set only for products of activations or of their
   * gradients.
   */
  readonly f16?: boolean;
  /**
   * Whether there is a tile that uses subgroup matrices, for devices on which f16 was requested. Set only if all values are within f16's
   * range and K has no low-rank range.
   */
  readonly matrices?: boolean;
  /** Whether there are tiles for few rows. They need operands whose rows in memory run along K. */
  readonly fewRows?: boolean;
  /**
   * Whether a dispatch computes only the matrix product, without bias and residual. The `subgroup` tile then has a shader that excludes
   * both with the constant PLAIN, because software GPUs execute both sides of a branch.
   */
  plain?(params: Params<P>): boolean;
  /** Returns the numbers of rows and columns of the result, and the length of K, including a low-rank range. */
  size(params: Params<P>): readonly [rows: number, columns: number, inner: number];
  /** Returns the number of rows that the grid covers, if padding makes it larger than that of the result. */
  rows?(params: Params<P>): number;
  /** Returns the number of columns that the grid covers, if padding makes it larger than that of the result. */
  columns?(params: Params<P>): number;
  /**
   * Returns the number of slices into which K is split, each computed by its own workgroups. The kernel defines where they begin. Default:
   * 1.
   */
  slices?(params: Params<P>): number;
}

/**
 * The numbers of registers that tiles need (`VariantInit.registers`), from the output of the GPUs' own compilers. With fewer registers, at
 * least one of these compilers moves values to memory inside the loop over K. Tiles of 8 × 8 results hold 64 sums and 32 operands that were
 * just read. The 128 registers of Apple's GPUs are just enough for them.
 */
const REGISTERS = { register: 112, wide: 160, workgroup: 124, oblong: 96, small: 64, f16: 148, f16Small: 112 };

/**
 * Returns the variants of a matrix product: its shader files with those of each tile. `register`: 8 × 4 results per thread, operands read
 * directly from memory. `wide`: as `register`, with 8 × 8 results, for devices with many registers or without a limit. `workgroup`: 8 × 8
 * results, operands read through workgroup memory. `workgroup_oblong`: as `workgroup`, with 8 × 4 results and twice as many threads.
 * `workgroup_small`: 4 × 4 results, for results with few tiles and for GPUs with few registers. `workgroup_least`: as `workgroup_small`,
 * for products with an `epilogue`, and only for GPUs with few registers. `f16` and `f16_small`: as `workgroup` and `workgroup_small`, but
 * multiplying in f16. `subgroup`: 16 × 4 results, left operands read from neighbouring threads. `subgroup_matrix`: tiles that use subgroup
 * matrices. `row` and `row_serial`: for few rows, with four columns per workgroup and per thread.
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

/** Returns a grid in which each tile is computed by four workgroups along y. */
function inQuarters([x, y = 1, z = 1]: Grid): Grid {
  return [x, 4 * y, z];
}

/** Returns a grid in which each tile is computed by four workgroups: two along x and two along y. */
function inFour([x, y = 1, z = 1]: Grid): Grid {
  return [2 * x, 2 * y, z];
}
