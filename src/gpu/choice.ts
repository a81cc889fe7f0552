import { WebVeraError } from '../core/error';
import type { AnyVariant } from '../core/kernel';
import type { Step } from '../graph/graph';
import type { DeviceInfo } from './device';

/**
 * The one rule that picks a kernel's variant: the first of the device's families that the kernel has and that fits.
 * `row` is for few rows. GPUs share tiles through workgroup memory, but Apple's do better with registers alone. On
 * software adapters barriers cost more than they save (SwiftShader then takes 25 times as long for a token): SwiftShader
 * wants the widest tiles, llvmpipe narrower ones, and both want rows without help from neighbours, however few.
 */
export function chooseVariant({ kernel, params }: Pick<Step, 'kernel' | 'params'>, info: DeviceInfo): AnyVariant {
  const fitting = kernel.variants.filter((variant) => variant.fits(params));
  const variant = families(info)
    .map((name) => fitting.find((v) => v.name === name))
    .find((v) => v !== undefined);
  const chosen = variant ?? fitting[0];
  if (chosen === undefined) throw new WebVeraError('internal', `Kernel ${kernel.name} has no variant for its params`);
  return chosen;
}

function families(info: DeviceInfo): readonly string[] {
  const names = `${info.vendor} ${info.architecture} ${info.description}`.toLowerCase();
  if (/swiftshader/.test(names)) return ['serial', 'wide', 'register'];
  if (info.fallback || /llvmpipe|lavapipe|software/.test(names)) return ['serial', 'register'];
  if (/apple/.test(names)) return ['row', 'register'];
  return ['row', 'workgroup'];
}
