import { flatGrid, type Grid, type Params, type ParamTypes, type VariantInit } from '../core/kernels/kernel';

/** The most workgroups that every device allows along a side of a grid. */
export const MOST_WORKGROUPS = 65_535;

interface SerialInit<P extends ParamTypes> {
  /** The shader's files, without lib/word_scalar or lib/word_vec4, which is added. */
  readonly wgsl: readonly string[];
  /** The number of elements in a row. */
  rowLength(params: Params<P>): number;
  workgroups(params: Params<P>): Grid;
}

/** The `serial` variants of a kernel whose threads iterate over rows: four elements at a time if the row length is a multiple of 4. */
export function serialVariants<P extends ParamTypes>({ wgsl, rowLength, workgroups }: SerialInit<P>): VariantInit<P>[] {
  return [
    { name: 'serial', wgsl: [...wgsl, 'word_vec4'], fits: (params) => rowLength(params) % 4 === 0, workgroups },
    { name: 'serial', cases: ['scalar'], wgsl: [...wgsl, 'word_scalar'], workgroups },
  ];
}

/**
 * The variants of a kernel for N rows of C elements: a row is processed by a workgroup, or in the serial form, which takes any number of
 * rows, by a thread.
 *
 * @param fits the params for which a workgroup may process a row. Default: all
 */
export function rowVariants<P extends { readonly N: 'size'; readonly C: 'size' }>(
  form: string,
  serialForm: string,
  fits: (params: Params<P>) => boolean = () => true,
): VariantInit<P>[] {
  return [
    {
      wgsl: [form, 'workgroup_sum'],
      fits: (params) => params.N <= MOST_WORKGROUPS && fits(params),
      workgroups: ({ N }) => [N],
    },
    ...serialVariants<P>({
      wgsl: [serialForm, 'flat_index'],
      rowLength: ({ C }) => C,
      workgroups: ({ N }) => flatGrid(N),
    }),
  ];
}
