import { WebVeraError } from '../core/error';
import type { AnyVariant } from '../core/kernel';
import type { Step } from '../graph/graph';
import type { DeviceInfo } from './device';

/**
 * The one rule that picks a kernel's variant: the first of the device's families that the kernel has and that fits.
 * `row` is for few rows. GPUs share tiles through workgroup memory, but Apple's do better with registers alone. On
 * software adapters a barrier costs more than it saves for a row (SwiftShader then takes 25 times as long for a token), so
 * rows go without help from neighbours. Reading is what they are slowest at: tiles whose threads read for each other are
 * twice as fast as any others. Without subgroups llvmpipe's barriers are cheap enough for tiles in workgroup memory, while
 * SwiftShader wants the widest that do without.
 */
export function chooseVariant({ kernel, params }: Pick<Step, 'kernel' | 'params'>, info: DeviceInfo): AnyVariant {
  const fitting = kernel.variants.filter(
    ({ fits, features }) => fits(params) && features.every((feature) => info.features.includes(feature)),
  );
  const variant = families(info)
    .map((name) => fitting.find((v) => v.name === name))
    .find((v) => v !== undefined);
  const chosen = variant ?? fitting[0];
  if (chosen === undefined) throw new WebVeraError('internal', `Kernel ${kernel.name} has no variant for its params`);
  return chosen;
}

function families(info: DeviceInfo): readonly string[] {
  const names = `${info.vendor} ${info.architecture} ${info.description}`.toLowerCase();
  if (/swiftshader/.test(names)) return ['row_serial', 'subgroup', 'serial', 'wide', 'register'];
  if (info.fallback || /llvmpipe|lavapipe|software/.test(names))
    return ['row_serial', 'subgroup', 'serial', 'workgroup'];
  if (/apple/.test(names)) return ['row', 'register'];
  return ['row', 'workgroup'];
}
