import { WebVeraError } from '../../core/errors/error';
import type { AnyVariant, Grid } from '../../core/kernels/kernel';
import type { Sized } from '../../graph/work';
import type { DeviceInfo } from '../device_host';
import { registerBudget } from './register_budget';

/** Variants for hardware GPUs only: a software GPU has too few cores for them. */
const FOR_GPUS: readonly string[] = [
  'row',
  'workgroup_oblong',
  'workgroup_small',
  'workgroup_least',
  'workgroup_apart',
  'f16_small',
  'words',
];
/** Variants for software GPUs only: most threads of a hardware GPU would be idle. */
const FOR_SOFTWARE: readonly string[] = ['row_serial', 'held', 'subgroup', 'serial'];

/** Variants that are used only if a page names them, because no device with their feature was available for tests. */
const BY_NAME_ALONE: readonly string[] = ['subgroup_matrix'];
/** The variants that multiply in f16, in order of preference. A device has the feature only if f16 was requested. */
const IN_F16: readonly string[] = ['f16_small', 'f16'];
/** For each variant with small tiles: the variants with large tiles that are faster if they have enough tiles to occupy the GPU. */
const SMALL: Readonly<Record<string, readonly string[]>> = {
  workgroup_small: ['workgroup', 'workgroup_oblong'],
  f16_small: ['f16'],
};

/** The number of large tiles that occupies all cores of a large GPU. If a result has fewer, small tiles are faster. */
const BUSY_TILES = 128;
/**
 * For each variant with large tiles: the least number of tiles for which it is preferred to small tiles. An oblong tile has twice as many
 * threads, so half as many tiles occupy the GPU.
 */
const LEAST_TILES: Readonly<Record<string, number>> = { workgroup: BUSY_TILES, workgroup_oblong: BUSY_TILES / 2 };
/**
 * The largest number of loop iterations in one thread. For a longer loop, it is faster to share it between threads with barriers, even on
 * SwiftShader.
 */
const MOST_TURNS = 2 ** 16;

/** The name of the chosen variant, by the kernel's name. */
export type ChosenVariants = Readonly<Record<string, string>>;

/**
 * Picks one of the eligible variants of a kernel, in this order of preference:
 * 1. the default table's variant for few rows, because the choice was measured on many rows;
 * 2. the chosen variant;
 * 3. a variant in f16 for which the device has enough registers;
 * 4. the first variant of the default table for which the device has enough registers;
 * 5. the variant that needs the fewest registers.
 */
export function chooseVariant(step: Sized, info: DeviceInfo, chosen: ChosenVariants = {}): AnyVariant {
  const eligible = eligibleVariants(step, info);
  const most = registersOf(info);
  const within = eligible.filter(({ registers }) => registers <= most);
  const named = (variants: readonly AnyVariant[], names: readonly string[]): AnyVariant[] =>
    names.flatMap((name) => variants.filter((variant) => variant.name === name));
  const table = TABLE.find(({ isOf }) => isOf(info))?.variants ?? [];
  const own = Object.hasOwn(chosen, step.kernel.name) ? chosen[step.kernel.name] : undefined;
  const inF16 = IN_F16.filter((name) => isWorthMeasuring(name, info));
  const [picked] = [
    ...named(eligible, table.filter(isForFewRows)),
    ...named(eligible, own === undefined ? [] : [own]),
    ...named(within, [...inF16, ...bySize(table, within, step)]),
    ...eligible.filter(({ name }) => isWorthMeasuring(name, info)).toSorted((a, b) => a.registers - b.registers),
    ...eligible,
  ];
  if (picked === undefined)
    throw new WebVeraError('internal', `Kernel ${step.kernel.name} has no variant for its params`);
  return picked;
}

/**
 * Sorts the names in `table`: variants whose tiles are too few to occupy a GPU come last. A kernel without small tiles keeps the table's
 * order: it also splits the sum over the inner dimension K into slices, so it has enough tiles.
 */
function bySize(table: readonly string[], within: readonly AnyVariant[], { params }: Sized): readonly string[] {
  if (within.every(({ name }) => SMALL[name] === undefined)) return table;
  const isBusy = (name: string): boolean => {
    const tiles = LEAST_TILES[name] ?? 0;
    return within.every((one) => one.name !== name || groupsOf(one.workgroups(params)) >= tiles);
  };
  return [...table.filter(isBusy), ...table];
}

/**
 * Returns the variants that the device can run with these params, one for each name. Small tiles are excluded if there are enough large
 * tiles for which the device has registers. Variants in which one thread would do too much work are excluded, too.
 */
export function eligibleVariants({ kernel, params }: Sized, info: DeviceInfo): readonly AnyVariant[] {
  const able = kernel.variants.filter(
    ({ fits, features }) => fits(params) && features.every((feature) => info.features.includes(feature)),
  );
  const named = able.filter(({ name }, index) => able.findIndex((first) => first.name === name) === index);
  const most = registersOf(info);
  const isBusy = ({ registers, workgroups }: AnyVariant): boolean =>
    registers <= most && groupsOf(workgroups(params)) >= BUSY_TILES;
  const isExcluded = (small: string): boolean =>
    named.some((large) => SMALL[small]?.includes(large.name) && isBusy(large));
  return named.filter(({ name, turns }) => !isExcluded(name) && turns(params) <= MOST_TURNS);
}

/**
 * Returns how many registers a thread has. Threads of a software GPU hold their values in the CPU's registers and caches, without a limit.
 */
function registersOf(info: DeviceInfo): number {
  return isSoftware(info) ? Number.POSITIVE_INFINITY : registerBudget(info);
}

function groupsOf([x, y = 1, z = 1]: Grid): number {
  return x * y * z;
}

/** Whether a variant may be the fastest on this device. */
export function isWorthMeasuring(variant: string, info: DeviceInfo): boolean {
  return ![...BY_NAME_ALONE, ...(isSoftware(info) ? FOR_GPUS : FOR_SOFTWARE)].includes(variant);
}

/** Whether a variant is only for matrices with few rows. */
export function isForFewRows(variant: string): boolean {
  return variant === 'row' || variant === 'row_serial';
}

/** The preferred variants for some devices, the best first. A kernel without any of them uses the variant with the fewest registers. */
interface Preference {
  readonly isOf: (info: DeviceInfo) => boolean;
  readonly variants: readonly string[];
}

/**
 * The default table: the first row that matches the device applies. On software GPUs, a kernel for few rows has no barriers: with barriers,
 * SwiftShader takes 25 times as long for a token. Memory reads are the slowest operation of software GPUs. So threads share their reads by
 * subgroup operations, which makes tiles twice as fast, and small attention heads are held in registers.
 */
const TABLE: readonly Preference[] = [
  // SwiftShader without subgroups: the largest tiles without barriers are fastest.
  {
    isOf: (info) => /swiftshader/.test(namesOf(info)),
    variants: ['row_serial', 'held', 'subgroup', 'serial', 'wide', 'register'],
  },
  // llvmpipe and others without subgroups: barriers are cheap enough for tiles in workgroup memory.
  { isOf: isSoftware, variants: ['row_serial', 'held', 'subgroup', 'serial', 'workgroup'] },
  // Hardware GPUs: tiles in workgroup memory, because every vendor's compiler turns the loops over them into little more than
  // multiply-adds. The largest tiles that fit into the registers and still occupy the GPU are best. Some GPUs may be faster with other
  // variants, such as wide tiles, or tiles in registers alone. A session measures these on request.
  {
    isOf: () => true,
    variants: ['row', 'workgroup', 'workgroup_apart', 'workgroup_oblong', 'workgroup_small', 'workgroup_least'],
  },
];

/** Whether the device computes on a CPU, regardless of its `fallback` flag. */
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
