export { type AdapterConfigJson, type TaskType, VeraConfig, type VeraConfigInit } from './adapters/vera/config';
export type { ChatMessage } from './core/chat';
export type { DeviceIssue, DeviceReport } from './core/device_report';
export { type ErrorCode, type ErrorDetails, WebVeraError } from './core/error';
export type { Estimate, GpuBytes, StepWork } from './core/estimate';
export type { BatchGenerationConfig, BatchToken, GeneratedToken, GenerationConfig } from './core/generation';
export type { ImageInput, RgbaImage, RgbImage, SentImage, ShownImage } from './core/image';
export type { Integrity } from './core/integrity';
export type { KernelAdapter, KernelChoice } from './core/kernel_choice';
export type {
  AdapterFiles,
  LabelOptions,
  MemoryReport,
  ModelDtype,
  ModuleInfo,
  ModuleNames,
  ParameterCount,
  PretrainedConfig,
  ProblemType,
  ProjectionDtype,
} from './core/model';
export type { Files } from './core/named_files';
export type { ModelSource, ParserLimits, ProgressInfo } from './core/source';
export type { IdMatrix, ModelInputs, Tensor } from './core/tensor';
export type {
  Dataset,
  EvalLogs,
  Example,
  ImageExample,
  LabelList,
  PauseReason,
  StepLogs,
  TrainEvent,
  TrainerCallback,
  TrainerControl,
  TrainerHook,
  TrainerState,
  TrainingArguments,
  TrainOutput,
  TrainProgress,
} from './core/training';
export { type AdapterInfo, adapters } from './page/adapters';
export {
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  AutoTokenizer,
} from './page/auto_classes';
export { type CheckpointInfo, checkpoints } from './page/checkpoints';
export { defaultSession } from './page/default_session';
export { type EstimatePlan, estimate } from './page/estimate';
export { export_run } from './page/export_run';
export type { BatchGeneration, Generation } from './page/generation';
export { type LabelledFile, type LabelledFiles, labelledFiles } from './page/labelled_files';
export type { SessionState } from './page/link';
export type { PreTrainedModel } from './page/model';
export { type CachedModel, models, type VerifyOptions } from './page/models';
export { get_peft_model, PeftConfig, PeftModel } from './page/peft_classes';
export type { LabelScore, PredictInput, PredictOptions } from './page/predict';
export type { ImagePreview, NamedLabel, Preview, PreviewLabel, PreviewOptions } from './page/preview';
export { probe } from './page/probe';
export { Profile } from './page/profile/profile';
export type { LearnOptions, LearnRecord, ProfileInfo, ProfileOptions } from './page/profile/types';
export {
  type CallOptions,
  Session,
  type SessionEventMap,
  type SessionOptions,
  WarningEvent,
} from './page/session';
export type {
  AdapterSource,
  ClassifierOptions,
  ImageClassifierOptions,
  PretrainedOptions,
  SourceOptions,
} from './page/source';
export type { Tokenizer } from './page/tokenizer';
export type { TrainRun } from './page/train_run';
export { Trainer, type TrainerInit, type TrainOptions } from './page/trainer';
export type { LoadArguments, LoadBesideArguments, MergeArguments, UnloadArguments } from './page/vera_arguments';
export { VeraModel } from './page/vera_model';
export type { AdapterOptions, LoraOptions, MergeOptions, UnloadOptions } from './page/vera_options';
export type { LayerStatus, ModelStatus } from './page/vera_status';
