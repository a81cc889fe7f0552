import { WebVeraError } from '../core/error';
import type { AnyVariant } from '../core/kernel';
import type { Step } from '../graph/graph';
import type { DeviceInfo } from './device';

/**
 * The one rule that picks a kernel's variant. A variant for few rows is taken where it fits. Tiles held in registers
 * alone win on Apple's GPUs and on software adapters, where workgroup memory and barriers cost more than they save;
 * every other GPU shares tiles through workgroup memory.
 */
export function chooseVariant({ kernel, params }: Pick<Step, 'kernel' | 'params'>, info: DeviceInfo): AnyVariant {
  const fitting = kernel.variants.filter((variant) => variant.fits(params));
  const wanted = ['row', prefersRegisters(info) ? 'register' : 'workgroup'];
  const variant = wanted.map((name) => fitting.find((v) => v.name === name)).find((v) => v !== undefined) ?? fitting[0];
  if (variant === undefined) throw new WebVeraError('internal', `Kernel ${kernel.name} has no variant for its params`);
  return variant;
}

function prefersRegisters(info: DeviceInfo): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.description}`.toLowerCase();
  return info.fallback || /apple|swiftshader|llvmpipe|lavapipe|software/.test(names);
}
