/** `webvera/bench`: measures training steps, generation and kernels. Each function opens its own device and closes it. */

export { type ErrorCode, type ErrorDetails, WebVeraError } from '../src/core/errors/error';
export type { Feature } from '../src/core/kernels/kernel';
export { VERSION } from '../src/core/version';
export type { DeviceInfo } from '../src/gpu/device_host';
export { type AdapterBenchOptions, type AdapterReport, measureAdapters } from './measures/adapters';
export { countStep, type StepCounts, type TrainingStageOptions } from './measures/counts';
export { type DecodeBenchOptions, type DecodeReport, measureDecode } from './measures/decode';
export { type GemmOptions, type GemmRate, type GemmReport, measureGemm } from './measures/gemm';
export { type KernelBenchOptions, type KernelReport, measureKernels } from './measures/kernels';
export type { MixedReport, PassReport } from './measures/mixed';
export {
  type ModeBenchOptions,
  type ModeChoice,
  type ModeReport,
  type ModeStep,
  measureModes,
  type VeraMode,
} from './measures/modes';
export { measurePeak, type PeakOptions, type PeakReport } from './measures/peak';
export {
  measurePreferences,
  type PreferenceBenchOptions,
  type PreferenceReport,
  type PreferenceStep,
} from './measures/preferences';
export type { GemmShape } from './measures/product';
export type { SwitchingReport, SwitchReport } from './measures/switching';
export type { StepReport, TogetherReport } from './measures/together';
export type { StageOptions } from './stages/adapter_stage';
export type { DecodeStageOptions } from './stages/decode_stage';
export type { KernelShare } from './stages/kernel_table';
export type { ModelStageOptions } from './stages/model_stage';
export type { Learnt } from './stages/random_work';
export type { ReplayOptions } from './stages/replays';
