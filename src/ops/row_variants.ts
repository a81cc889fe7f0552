import { flatGrid, type Grid, type Params, type ParamTypes, type VariantInit } from '../core/kernels/kernel';

/** The largest number of workgroups that every device supports along one dimension of a grid. */
export const MOST_WORKGROUPS = 65_535;

interface SerialInit<P extends ParamTypes> {
  /** The shader files, without lib/word_scalar and lib/word_vec4, one of which is added. */
  readonly wgsl: readonly string[];
  /** The number of elements in a row. */
  rowLength(params: Params<P>): number;
  workgroups(params: Params<P>): Grid;
}

/**
 * Returns the `serial` variants of a kernel whose threads iterate over rows: one reads four elements at a time, if the row length is a
 * multiple of 4, the other a single element.
 */
export function serialVariants<P extends ParamTypes>({ wgsl, rowLength, workgroups }: SerialInit<P>): VariantInit<P>[] {
  return [
    { name: 'serial', wgsl: [...wgsl, 'word_vec4'], fits: (params) => rowLength(params) % 4 === 0, workgroups },
    { name: 'serial', cases: ['scalar'], wgsl: [...wgsl, 'word_scalar'], workgroups },
  ];
}

/**
 * Returns the variants of a kernel for N rows of C elements: in one, a workgroup processes each row; in the serial ones, which support any
 * number of rows, a thread does.
 *
 * @param fits the params for which a workgroup may process a row. Default: all
 */
export function rowVariants<P extends { readonly N: 'size'; readonly C: 'size' }>(
  form: string,
  fits: (params: Params<P>) => boolean = () => true,
): VariantInit<P>[] {
  return [
    {
      wgsl: [form, 'workgroup_sum'],
      fits: (params) => params.N <= MOST_WORKGROUPS && fits(params),
      workgroups: ({ N }) => [N],
    },
    ...serialVariants<P>({
      wgsl: [`${form}_serial`, 'flat_index'],
      rowLength: ({ C }) => C,
      workgroups: ({ N }) => flatGrid(N),
    }),
  ];
}
