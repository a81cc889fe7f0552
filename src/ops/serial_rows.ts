import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../shaders/lib/word_scalar.wgsl?raw';
import wordVec4 from '../../shaders/lib/word_vec4.wgsl?raw';
import { flatGrid, type Params, type VariantInit } from '../core/kernel';

/** A kernel's variants with one thread for each of N rows of C elements: four at a time where rows are whole fours. */
export function serialVariants<P extends { readonly N: 'u32'; readonly C: 'u32' }>(form: string): VariantInit<P>[] {
  const workgroups = ({ N }: Params<P>) => flatGrid(N);
  return [
    { name: 'serial', wgsl: [form, wordVec4, flatIndex], fits: ({ C }) => C % 4 === 0, workgroups },
    { name: 'serial', wgsl: [form, wordScalar, flatIndex], workgroups },
  ];
}
