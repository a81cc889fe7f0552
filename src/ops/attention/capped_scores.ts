import scoresCapped from '../../../shaders/attention/lib/scores_capped.wgsl?raw';
import scoresPlain from '../../../shaders/attention/lib/scores_plain.wgsl?raw';
import safeTanh from '../../../shaders/lib/safe_tanh.wgsl?raw';
import { WebVeraError } from '../../core/error';
import type { Params, ParamTypes, VariantInit } from '../../core/kernel';

/** Each variant twice: for scores as they are, where `softcap` is 0, and for those within a cap. */
export function withCap<P extends ParamTypes & { readonly softcap: 'f32' }>(
  variants: readonly VariantInit<P>[],
): VariantInit<P>[] {
  return variants.flatMap((variant) => {
    const fits = (params: Params<P>): boolean => variant.fits?.(params) ?? true;
    return [
      { ...variant, wgsl: [...variant.wgsl, scoresPlain], fits: (params) => params.softcap === 0 && fits(params) },
      {
        ...variant,
        wgsl: [...variant.wgsl, scoresCapped, safeTanh],
        fits: (params) => params.softcap > 0 && fits(params),
      },
    ];
  });
}

/** Throws `invalid_argument` for a cap that isn't above 0. */
export function expectCap(softcap: number | undefined): void {
  if (softcap === undefined || (softcap > 0 && Number.isFinite(softcap))) return;
  throw new WebVeraError('invalid_argument', `attention: expected a softcap above 0, got ${softcap}`);
}
