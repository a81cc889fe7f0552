export { type AdapterBenchOptions, type AdapterReport, measureAdapters } from './bench/adapters';
export { type DecodeBenchOptions, type DecodeReport, measureDecode } from './bench/decode';
export { type GemmOptions, type GemmRate, type GemmReport, type GemmShape, measureGemm } from './bench/gemm';
export type { KernelShare } from './bench/kernel_table';
export { type KernelBenchOptions, type KernelReport, measureKernels } from './bench/kernels';
export type { MixedReport, PassReport } from './bench/mixed';
export type { SwitchingReport, SwitchReport } from './bench/switching';
