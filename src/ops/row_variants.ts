import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../shaders/lib/storage/word_scalar.wgsl?raw';
import wordVec4 from '../../shaders/lib/storage/word_vec4.wgsl?raw';
import workgroupSum from '../../shaders/lib/sums/workgroup_sum.wgsl?raw';
import { flatGrid, type Grid, type Params, type ParamTypes, type VariantInit } from '../core/kernels/kernel';

interface SerialInit<P extends ParamTypes> {
  /** The shader's files, except the one that reads words. */
  readonly wgsl: readonly string[];
  /** The number of elements in a row. */
  rowLength(params: Params<P>): number;
  workgroups(params: Params<P>): Grid;
}

/** The `serial` variants of a kernel whose threads iterate over rows: four elements at a time if the row length is a multiple of 4. */
export function serialVariants<P extends ParamTypes>({ wgsl, rowLength, workgroups }: SerialInit<P>): VariantInit<P>[] {
  return [
    { name: 'serial', wgsl: [...wgsl, wordVec4], fits: (params) => rowLength(params) % 4 === 0, workgroups },
    { name: 'serial', cases: ['scalar'], wgsl: [...wgsl, wordScalar], workgroups },
  ];
}

/** The variants of a kernel for N rows of C elements: a row is processed by a workgroup, or in the serial form by a thread. */
export function rowVariants<P extends { readonly N: 'size'; readonly C: 'size' }>(
  form: string,
  serialForm: string,
): VariantInit<P>[] {
  return [
    { wgsl: [form, workgroupSum], workgroups: ({ N }) => [N] },
    ...serialVariants<P>({
      wgsl: [serialForm, flatIndex],
      rowLength: ({ C }) => C,
      workgroups: ({ N }) => flatGrid(N),
    }),
  ];
}
