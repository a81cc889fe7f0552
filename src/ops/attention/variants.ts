import type { Params, ParamTypes, VariantInit } from '../../core/kernels/kernel';

/*
 * The families of variants. `workgroup` shares tiles and comes first, because it suits every GPU. `workgroup_apart` is `workgroup` for GPUs
 * with few registers: different workgroups compute the gradients of keys and of values, and both compute the scores. In `subgroup`, the
 * threads of a quad share what they read; in `serial`, threads share nothing. Both are for software GPUs. `held` is `subgroup` with small
 * heads in registers, for devices on which reads cost more than instructions.
 */

/** The number of tokens in a workgroup's tile, in all families of variants. */
export const TILE = 32;
/** The number of a head's columns that a workgroup of the `workgroup` family computes. */
export const COLUMNS = 64;
/** The size of heads that a thread holds in registers, in the `held` family. */
export const HELD = 8;

/** The params of the kernels for attention and for its gradient. */
export const attentionParams = {
  B: 'size',
  T: 'size',
  H: 'size',
  Hkv: 'size',
  D: 'size',
  scale: 'f32',
  window: 'size',
  softcap: 'f32',
  causal: 'u32',
} as const;

export type AttentionSizes = Params<typeof attentionParams>;

/**
 * Returns the number of multiplications of one matrix product over the scores. It counts only the keys that a query sees: those within the
 * window and, if attention is causal, not after the query's own token.
 */
export function visibleProducts({ B, T, H, D, window, causal }: AttentionSizes): number {
  const below = (B * H * D * window * (2 * T - window + 1)) / 2;
  return causal !== 0 ? below : 2 * below - B * H * D * T;
}

/** Shader files that are added to a variant, and the params for which they are added. */
interface Completion<P extends ParamTypes> {
  /** The names of the special cases that the files are for, as in `VariantInit.cases`; empty for the usual case. */
  readonly cases: readonly string[];
  readonly wgsl: readonly string[];
  fits(params: Params<P>): boolean;
}

/** Returns each variant twice: for uncapped scores (`softcap` is 0), and for capped ones. */
export function withCap<P extends ParamTypes & { readonly softcap: 'f32' }>(
  variants: readonly VariantInit<P>[],
): VariantInit<P>[] {
  return completed(variants, [
    { cases: [], wgsl: ['scores_plain'], fits: ({ softcap }) => softcap === 0 },
    { cases: ['capped'], wgsl: ['scores_capped', 'safe_tanh'], fits: ({ softcap }) => softcap > 0 },
  ]);
}

/** Returns each variant twice: for queries that attend to keys up to their own, and for queries that attend to their whole document. */
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
