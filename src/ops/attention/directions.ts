import bothWays from '../../../shaders/attention/lib/both_ways.wgsl?raw';
import causalOnly from '../../../shaders/attention/lib/causal.wgsl?raw';
import type { Params, ParamTypes, VariantInit } from '../../core/kernel';

/** Each variant twice: for queries that see keys up to their own, and for those that see all of their document. */
export function withDirections<P extends ParamTypes & { readonly causal: 'u32' }>(
  variants: readonly VariantInit<P>[],
): VariantInit<P>[] {
  return variants.flatMap((variant) => {
    const fits = (params: Params<P>): boolean => variant.fits?.(params) ?? true;
    return [
      { ...variant, wgsl: [...variant.wgsl, causalOnly], fits: (params) => params.causal !== 0 && fits(params) },
      { ...variant, wgsl: [...variant.wgsl, bothWays], fits: (params) => params.causal === 0 && fits(params) },
    ];
  });
}
