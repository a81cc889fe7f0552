import { WebVeraError } from '../../core/errors/error';
import type { AnyVariant, Grid } from '../../core/kernels/kernel';
import type { Sized } from '../../graph/work';
import type { DeviceInfo } from '../device';

/** Variants for GPUs only, or for software GPUs only: elsewhere there are too few cores for them, or most threads idle. */
const FOR_GPUS: readonly string[] = ['row', 'workgroup_small', 'f16_small'];
const FOR_SOFTWARE: readonly string[] = ['row_serial', 'held', 'subgroup', 'serial'];

/** What only a page that names it is given: no device that has its feature was at hand to run it. */
const BY_NAME_ALONE: readonly string[] = ['subgroup_matrix'];
/** The families that multiply in f16, in order of preference. Only a device that was asked to has the feature. */
const IN_F16: readonly string[] = ['f16_small', 'f16'];
/** Those that cut results into small tiles. */
const SMALL: readonly string[] = ['workgroup_small', 'f16_small'];

/** With this many large tiles, each core of a large GPU has work. A result with fewer is better cut into small tiles. */
const BUSY_TILES = 128;
/** Iterations above which one thread's loop takes longer than sharing it with barriers does, even on SwiftShader. */
const MOST_TURNS = 2 ** 16;

/** The chosen variant of each kernel, by name. */
export type Chosen = Readonly<Record<string, string>>;

/**
 * Picks a kernel's variant: the chosen one, else one in f16, else the first in the default table, provided that it is
 * eligible. Where a variant for few rows is eligible, the default table decides: choices are measured on many rows.
 */
export function chooseVariant(step: Sized, info: DeviceInfo, chosen: Chosen = {}): AnyVariant {
  const eligible = eligibleVariants(step, info);
  const table = families(info);
  const own = Object.hasOwn(chosen, step.kernel.name) ? chosen[step.kernel.name] : undefined;
  const inF16 = IN_F16.filter((name) => isWorthMeasuring(name, info));
  const names = [...table.filter(isForFewRows), ...(own === undefined ? [] : [own]), ...inF16, ...table];
  const variant = names.map((name) => eligible.find((v) => v.name === name)).find((v) => v !== undefined);
  const picked = variant ?? eligible[0];
  if (picked === undefined)
    throw new WebVeraError('internal', `Kernel ${step.kernel.name} has no variant for its params`);
  return picked;
}

/**
 * The variants that the device can run with these params, one of each name. Small tiles are left out where there are enough
 * large ones, and so are variants in which one thread would do too much.
 */
export function eligibleVariants({ kernel, params }: Sized, info: Pick<DeviceInfo, 'features'>): readonly AnyVariant[] {
  const able = kernel.variants.filter(
    ({ fits, features }) => fits(params) && features.every((feature) => info.features.includes(feature)),
  );
  const named = able.filter(({ name }, index) => able.findIndex((first) => first.name === name) === index);
  const large = named.find(({ name }) => name === 'workgroup');
  const isBusy = large !== undefined && groupsOf(large.workgroups(params)) >= BUSY_TILES;
  return named.filter(({ name, turns }) => !(SMALL.includes(name) && isBusy) && turns(params) <= MOST_TURNS);
}

function groupsOf([x, y = 1, z = 1]: Grid): number {
  return x * y * z;
}

/** Whether a variant may be the fastest on the device. */
export function isWorthMeasuring(variant: string, info: DeviceInfo): boolean {
  return ![...BY_NAME_ALONE, ...(isSoftware(info) ? FOR_GPUS : FOR_SOFTWARE)].includes(variant);
}

/** Whether a variant is for few rows only. */
export function isForFewRows(variant: string): boolean {
  return variant === 'row' || variant === 'row_serial';
}

/** A kind of device: what it prefers, the best first. What isn't named comes behind, in the record's order. */
interface Preference {
  readonly isOf: (info: DeviceInfo) => boolean;
  readonly variants: readonly string[];
}

/**
 * The default table: the first row that a device is of. On software GPUs barriers cost more than they save for few rows
 * (SwiftShader takes 25 times as long for a token), so each thread works alone there. Memory reads are what they are slowest at:
 * tiles whose threads share what they read by subgroup operations are twice as fast as others, and small attention heads are
 * held in registers.
 */
const TABLE: readonly Preference[] = [
  // Without subgroups the largest tiles without barriers are fastest.
  {
    isOf: (info) => /swiftshader/.test(namesOf(info)),
    variants: ['row_serial', 'held', 'subgroup', 'serial', 'wide', 'register'],
  },
  // llvmpipe and others. Without subgroups their barriers are cheap enough for tiles in workgroup memory.
  { isOf: isSoftware, variants: ['row_serial', 'held', 'subgroup', 'serial', 'workgroup'] },
  // Faster with registers alone: caches serve the threads that read the same, and nothing waits at barriers.
  { isOf: (info) => /apple/.test(namesOf(info)), variants: ['row', 'register'] },
  // NVIDIA, AMD, Intel, and phones: tiles through workgroup memory, whose loops are nearly all multiply-adds, as AMD's compiler
  // shows. Small ones where there would be few large ones, which leaves cores idle. What a GPU may like better, such as registers
  // alone where workgroup memory is slow, or wide tiles where registers are many, is measured where a session asks for it.
  { isOf: () => true, variants: ['row', 'workgroup_small', 'workgroup'] },
];

function families(info: DeviceInfo): readonly string[] {
  return TABLE.find(({ isOf }) => isOf(info))?.variants ?? [];
}

/** Whether it computes on a processor, whatever it says of itself. */
export function isSoftware(info: Omit<DeviceInfo, 'features'>): boolean {
  return info.fallback || /swiftshader|llvmpipe|lavapipe|software/.test(namesOf(info));
}

function namesOf({
  vendor,
  architecture,
  description,
}: Pick<DeviceInfo, 'vendor' | 'architecture' | 'description'>): string {
  return `${vendor} ${architecture} ${description}`.toLowerCase();
}
