import type { DeviceInfo } from '../device_host';

/**
 * The number of 32-bit registers that a GPU's threads have each for their values. If a kernel needs more, the compiler moves values to
 * memory and back in its loops, which costs more than any tile saves. `adapter.info` doesn't report the number, but the vendor and the
 * architecture, from which it follows.
 */
export type RegisterBudget = 64 | 112 | 128 | 255;

interface Row {
  /** As in `adapter.info`. */
  readonly vendor: RegExp;
  /** Default: any. */
  readonly architecture?: RegExp;
  readonly budget: RegisterBudget;
}

/**
 * The first row that matches applies. Chrome reports names of Dawn's table of GPUs: 'intel' and 'gen-12lp'. Safari reports the vendor
 * alone, in every field.
 */
const TABLE: readonly Row[] = [
  // Since Xe3, threads get up to 256.
  { vendor: /^intel$/, architecture: /^xe-?[3-9]/, budget: 255 },
  // 128 of 32 bytes, or of 64 for twice as many threads at once. Some of them hold what all threads share, for which other GPUs have
  // registers apart.
  { vendor: /^intel$/, budget: 112 },
  // 256 halves.
  { vendor: /^apple$/, budget: 128 },
  { vendor: /^(nvidia|amd|qualcomm)$/, budget: 255 },
  // Its GPUs are AMD's.
  { vendor: /^samsung$/, architecture: /^rdna/, budget: 255 },
  // Mali has 64.
  { vendor: /^arm$/, budget: 64 },
];

/** The budget of a GPU, or the smallest for one that doesn't say what it is, as in Firefox. */
export function registerBudget({ vendor, architecture }: Pick<DeviceInfo, 'vendor' | 'architecture'>): RegisterBudget {
  const row = TABLE.find(
    (one) => one.vendor.test(vendor.toLowerCase()) && (one.architecture?.test(architecture.toLowerCase()) ?? true),
  );
  return row?.budget ?? 64;
}
