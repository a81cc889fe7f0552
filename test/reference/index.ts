import * as add from './add';
import * as embedding from './embedding';
import * as fill from './fill';
import * as linear from './linear';
import type { Reference } from './reference';
import * as rmsNorm from './rms_norm';
import * as swiglu from './swiglu';
import * as vera from './vera';

/** Every kernel's reference, by the kernel's name. */
export const references: Readonly<Record<string, Reference>> = {
  ...add,
  ...embedding,
  ...fill,
  ...linear,
  ...rmsNorm,
  ...swiglu,
  ...vera,
};
