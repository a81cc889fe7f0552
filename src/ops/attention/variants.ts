import type { Params, ParamTypes, VariantInit } from '../../core/kernels/kernel';

/** Files that complete a variant, and the params for which they apply. */
interface Completion<P extends ParamTypes> {
  /** Words for the params; empty for the usual ones. */
  readonly cases: readonly string[];
  readonly wgsl: readonly string[];
  fits(params: Params<P>): boolean;
}

/** Each variant twice: for uncapped scores (`softcap` is 0), and for capped ones. */
export function withCap<P extends ParamTypes & { readonly softcap: 'f32' }>(
  variants: readonly VariantInit<P>[],
): VariantInit<P>[] {
  return completed(variants, [
    { cases: [], wgsl: ['scores_plain'], fits: ({ softcap }) => softcap === 0 },
    { cases: ['capped'], wgsl: ['scores_capped', 'safe_tanh'], fits: ({ softcap }) => softcap > 0 },
  ]);
}

/** Each variant twice: for queries that see keys up to their own, and for queries that see their whole document. */
export function withDirections<P extends ParamTypes & { readonly causal: 'u32' }>(
  variants: readonly VariantInit<P>[],
): VariantInit<P>[] {
  return completed(variants, [
    { cases: [], wgsl: ['causal'], fits: ({ causal }) => causal !== 0 },
    { cases: ['both_ways'], wgsl: ['both_ways'], fits: ({ causal }) => causal === 0 },
  ]);
}

function completed<P extends ParamTypes>(
  variants: readonly VariantInit<P>[],
  completions: readonly Completion<P>[],
): VariantInit<P>[] {
  return variants.flatMap((variant) =>
    completions.map(({ cases, wgsl, fits }) => ({
      ...variant,
      cases: [...(variant.cases ?? []), ...cases],
      wgsl: [...variant.wgsl, ...wgsl],
      fits: (params) => fits(params) && (variant.fits?.(params) ?? true),
    })),
  );
}
