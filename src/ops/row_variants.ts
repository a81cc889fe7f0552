import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../shaders/lib/storage/word_scalar.wgsl?raw';
import wordVec4 from '../../shaders/lib/storage/word_vec4.wgsl?raw';
import workgroupSum from '../../shaders/lib/sums/workgroup_sum.wgsl?raw';
import { flatGrid, type Grid, type Params, type ParamTypes, type VariantInit } from '../core/kernels/kernel';

interface SerialInit<P extends ParamTypes> {
  /** All but how words are read. */
  readonly wgsl: readonly string[];
  /** How many elements a row has. */
  rowLength(params: Params<P>): number;
  workgroups(params: Params<P>): Grid;
}

/** The `serial` variants of a kernel whose threads walk along rows: four elements at a time where rows are whole fours. */
export function serialVariants<P extends ParamTypes>({ wgsl, rowLength, workgroups }: SerialInit<P>): VariantInit<P>[] {
  return [
    { name: 'serial', wgsl: [...wgsl, wordVec4], fits: (params) => rowLength(params) % 4 === 0, workgroups },
    { name: 'serial', wgsl: [...wgsl, wordScalar], workgroups },
  ];
}

/** The variants of a kernel for N rows of C elements: each has a workgroup, or in the serial form a thread. */
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
