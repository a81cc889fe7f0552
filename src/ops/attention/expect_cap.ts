import { WebVeraError } from '../../core/errors/error';

/** Throws `invalid_argument` for a cap that isn't above 0. */
export function expectCap(softcap: number | undefined): void {
  if (softcap === undefined || (softcap > 0 && Number.isFinite(softcap))) return;
  throw new WebVeraError('invalid_argument', `attention: expected a softcap above 0, got ${softcap}`);
}
