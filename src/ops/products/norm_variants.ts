import type { Grid, Params, ParamTypes, VariantInit } from '../../core/kernels/kernel';
import { ceilDiv } from '../../core/numbers/shape';
import { tileVariants } from './tiles';

/** The number of rows that a quad (four threads) computes. A product with a norm has a multiple of this many rows. */
export const ROWS_OF_QUAD = 16;
/** The number of rows that a workgroup of two quads computes. Each quad computes all columns. */
const ROWS_OF_ALL_COLUMNS = 32;
/**
 * Tiles that multiply in f16 need a C that is a multiple of this. Otherwise the last iteration over K would be incomplete, and several
 * threads would read the last four values: their squares would be added more than once, or several threads would write the same results.
 */
const STEP_IN_F16 = 64;

interface NormVariants {
  /** The shader files for tiles that stage the left operand in workgroup memory, except the files of the tile itself. */
  readonly inTiles: readonly string[];
  /** All shader files of the variant `subgroup`, in which a quad (four threads) first computes its rows of the left operand. */
  readonly byQuads: readonly string[];
  /** The number of registers that a thread needs in addition to those of its tile. */
  readonly held: number;
}

/**
 * Returns the variants of a kernel that computes a norm (or its gradient), (N, C), and the matrix product of it and an operand with R
 * columns.
 */
export function normVariants<P extends ParamTypes & { readonly N: 'size'; readonly C: 'size'; readonly R: 'size' }>({
  inTiles,
  byQuads,
  held,
}: NormVariants): VariantInit<P>[] {
  const tiles = tileVariants<P>(inTiles, { size: ({ N, C, R }) => [N, R, C], f16: true, held });
  const named = (...names: string[]) => tiles.filter(({ name = '' }) => names.includes(name));
  const fits = ({ C }: Params<P>): boolean => C % STEP_IN_F16 === 0;
  const workgroups = ({ N }: Params<P>): Grid => [ceilDiv(N, ROWS_OF_ALL_COLUMNS)];
  return [
    ...named('workgroup', 'workgroup_oblong', 'workgroup_small'),
    ...named('f16', 'f16_small').map((variant) => ({ ...variant, fits })),
    ...named('subgroup').map((variant) => ({ ...variant, wgsl: byQuads, workgroups })),
  ];
}
