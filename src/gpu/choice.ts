import { WebVeraError } from '../core/error';
import type { AnyVariant, Grid } from '../core/kernel';
import type { Sized } from '../graph/work';
import type { DeviceInfo } from './device';

/** Families for one kind of device: they share work among more cores than the other has, or waste most of its threads. */
const FOR_GPUS: readonly string[] = ['row', 'workgroup_small'];
const FOR_SOFTWARE: readonly string[] = ['row_serial', 'held', 'subgroup', 'serial'];

/** With as many large tiles, each core of a large GPU has one; fewer are better cut into small ones. */
const BUSY_TILES = 128;
/** For more turns of its loop, one thread takes longer than barriers do, even on SwiftShader. */
const MOST_TURNS = 2 ** 16;

/** Names of variants by those of kernels. */
export type Chosen = Readonly<Record<string, string>>;

/**
 * The one rule that picks a kernel's variant: the chosen one, else the first of the device's families, that the kernel has
 * and that is eligible. Few rows go to the table's `row` whatever was chosen, as a choice is made for many.
 */
export function chooseVariant(step: Sized, info: DeviceInfo, chosen: Chosen = {}): AnyVariant {
  const eligible = eligibleVariants(step, info);
  const table = families(info);
  const own = Object.hasOwn(chosen, step.kernel.name) ? chosen[step.kernel.name] : undefined;
  const names = own === undefined ? table : [...table.filter(isForFewRows), own, ...table];
  const variant = names.map((name) => eligible.find((v) => v.name === name)).find((v) => v !== undefined);
  const picked = variant ?? eligible[0];
  if (picked === undefined)
    throw new WebVeraError('internal', `Kernel ${step.kernel.name} has no variant for its params`);
  return picked;
}

/**
 * The variants to choose from, one of each name: those that the device can run with these params, but for small tiles where
 * there are enough large ones, and for threads that would be alone with too much.
 */
export function eligibleVariants({ kernel, params }: Sized, info: Pick<DeviceInfo, 'features'>): readonly AnyVariant[] {
  const able = kernel.variants.filter(
    ({ fits, features }) => fits(params) && features.every((feature) => info.features.includes(feature)),
  );
  const named = able.filter(({ name }, index) => able.findIndex((first) => first.name === name) === index);
  const large = named.find(({ name }) => name === 'workgroup');
  const isBusy = large !== undefined && groupsOf(large.workgroups(params)) >= BUSY_TILES;
  return named.filter(({ name, turns }) => !(name === 'workgroup_small' && isBusy) && turns(params) <= MOST_TURNS);
}

function groupsOf([x, y = 1, z = 1]: Grid): number {
  return x * y * z;
}

/** Whether a variant may be the fastest on the device. */
export function isWorthMeasuring(variant: string, info: DeviceInfo): boolean {
  return !(isSoftware(info) ? FOR_GPUS : FOR_SOFTWARE).includes(variant);
}

/** Whether a variant is for few rows only. */
export function isForFewRows(variant: string): boolean {
  return variant === 'row' || variant === 'row_serial';
}

/**
 * The table. GPUs share tiles through workgroup memory, small ones where large ones would be few; Apple's do better with
 * registers alone. On software adapters a barrier costs more than it saves for a row (SwiftShader then takes 25 times as
 * long for a token), so rows go without help from neighbours. Reading is what they are slowest at: tiles whose threads read
 * for each other are twice as fast as any others, and small heads are held in registers. Without subgroups llvmpipe's
 * barriers are cheap enough for tiles in workgroup memory, while SwiftShader wants the widest that do without.
 */
function families(info: DeviceInfo): readonly string[] {
  if (/swiftshader/.test(namesOf(info))) return ['row_serial', 'held', 'subgroup', 'serial', 'wide', 'register'];
  if (isSoftware(info)) return ['row_serial', 'held', 'subgroup', 'serial', 'workgroup'];
  if (/apple/.test(namesOf(info))) return ['row', 'register'];
  return ['row', 'workgroup_small', 'workgroup'];
}

function isSoftware(info: DeviceInfo): boolean {
  return info.fallback || /swiftshader|llvmpipe|lavapipe|software/.test(namesOf(info));
}

function namesOf({ vendor, architecture, description }: DeviceInfo): string {
  return `${vendor} ${architecture} ${description}`.toLowerCase();
}
