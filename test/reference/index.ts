import * as embedding from './embedding';
import * as linear from './linear';
import type { Reference } from './reference';
import * as rmsNorm from './rms_norm';

/** Every kernel's reference, by the kernel's name. */
export const references: Readonly<Record<string, Reference>> = {
  ...embedding,
  ...linear,
  ...rmsNorm,
};
