import type { Step } from '../../graph/graph';
import type { DeviceInfo } from '../device_host';
import type { Executor } from '../executor';
import { candidatesFor } from './candidates';
import type { ChosenVariants } from './choice';
import { tune } from './tuning';
import { VariantLab } from './variant_lab';

/**
 * Measures which variants are fastest for these steps on this device. It takes up to ten seconds, mostly for compiling. The values that the
 * steps would write stay unchanged.
 */
export async function tuneKernels(
  executor: Executor,
  info: DeviceInfo,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<ChosenVariants> {
  const lab = new VariantLab(executor);
  try {
    return await tune(candidatesFor(steps, info), lab, signal);
  } finally {
    lab.close();
  }
}
