import type { DeviceInfo } from '../device_host';

/**
 * The number of 32-bit registers that each thread of a GPU has for its values. If a kernel needs more, the compiler moves values to memory
 * and back in its loops, which costs more than any tile saves. `adapter.info` doesn't report the number, but it reports the vendor and the
 * architecture, which determine it.
 */
export type RegisterBudget = 64 | 112 | 128 | 255;

interface Row {
  /** Matches the vendor in `adapter.info`. */
  readonly vendor: RegExp;
  /** Matches the architecture in `adapter.info`. Default: any. */
  readonly architecture?: RegExp;
  readonly budget: RegisterBudget;
}

/**
 * The first row that matches applies. Chrome reports names from Dawn's table of GPUs, such as 'intel' and 'gen-12lp'. Safari reports only
 * the vendor, in every field.
 */
const TABLE: readonly Row[] = [
  // Since Xe3, a thread gets up to 256 registers.
  { vendor: /^intel$/, architecture: /^xe-?[3-9]/, budget: 255 },
  // A shader thread has one 32-bit lane in each of 128 vector registers. But some of the registers hold values that all threads share,
  // for which other GPUs have separate registers.
  { vendor: /^intel$/, budget: 112 },
  // A thread has 256 registers of 16 bits.
  { vendor: /^apple$/, budget: 128 },
  { vendor: /^(nvidia|amd|qualcomm)$/, budget: 255 },
  // Samsung's GPUs have AMD's architecture.
  { vendor: /^samsung$/, architecture: /^rdna/, budget: 255 },
  // A thread of a Mali GPU has 64 registers.
  { vendor: /^arm$/, budget: 64 },
];

/**
 * The budget of a GPU. A GPU of unknown vendor gets the smallest budget. In Firefox that is every GPU, because Firefox hides the vendor.
 */
export function registerBudget({ vendor, architecture }: Pick<DeviceInfo, 'vendor' | 'architecture'>): RegisterBudget {
  const row = TABLE.find(
    (one) => one.vendor.test(vendor.toLowerCase()) && (one.architecture?.test(architecture.toLowerCase()) ?? true),
  );
  return row?.budget ?? 64;
}
