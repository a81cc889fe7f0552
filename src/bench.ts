/** `webvera/bench`: what trainings and kernels cost on a device. Each function opens a device of its own and closes it. */
export type { StageOptions } from './bench/adapter_stage';
export { type AdapterBenchOptions, type AdapterReport, measureAdapters } from './bench/adapters';
export { countStep, type StepCounts, type TrainingStageOptions } from './bench/counts';
export { type DecodeBenchOptions, type DecodeReport, measureDecode } from './bench/decode';
export type { DecodeStageOptions } from './bench/decode_stage';
export { type GemmOptions, type GemmRate, type GemmReport, measureGemm } from './bench/gemm';
export type { KernelShare } from './bench/kernel_table';
export { type KernelBenchOptions, type KernelReport, measureKernels } from './bench/kernels';
export type { MixedReport, PassReport } from './bench/mixed';
export type { ModelStageOptions } from './bench/model_stage';
export {
  type ModeBenchOptions,
  type ModeChoice,
  type ModeReport,
  type ModeStep,
  measureModes,
  type VeraMode,
} from './bench/modes';
export { measurePeak, type PeakOptions, type PeakReport } from './bench/peak';
export type { GemmShape } from './bench/product';
export type { ReplayOptions } from './bench/replays';
export type { SwitchingReport, SwitchReport } from './bench/switching';
export { type ErrorCode, type ErrorDetails, WebVeraError } from './core/errors/error';
export type { Feature } from './core/kernels/kernel';
export { VERSION } from './core/version';
export type { DeviceInfo } from './gpu/device';
