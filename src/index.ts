export type { AdapterConfig, AdapterFields, TaskType } from './adapters/config/adapter_config';
export type { KindConfig } from './adapters/config/kind_config';
export { IA3Config, type IA3ConfigInit } from './adapters/ia3/config/ia3_config';
export { LoraConfig, type LoraConfigInit, type LoraConfigJson } from './adapters/lora/config/lora_config';
export { UniLoraConfig, type UniLoraConfigInit } from './adapters/unilora/config/unilora_config';
export { type AdapterConfigJson, VeraConfig, type VeraConfigInit } from './adapters/vera/config/vera_config';
export { type ErrorCode, type ErrorDetails, WebVeraError } from './core/errors/error';
export type { Integrity } from './core/input/integrity';
export type { Files } from './core/input/named_files';
export type { KernelAdapter, KernelChoice } from './core/kernels/kernel_choice';
export type { PoolingMode } from './core/pooling/pooling';
export type { DpoLossType, PreferenceExample, RatedExample, TextOrMessages } from './core/preferences/preference';
export type { WeightedExample } from './core/preferences/weighted_example';
export type { ChatMessage } from './core/types/chat';
export type { DeviceIssue, DeviceReport } from './core/types/device_report';
export type { Estimate, GpuBytes, StepWork } from './core/types/estimate';
export type { BatchGenerationConfig, BatchToken, GeneratedToken, GenerationConfig } from './core/types/generation';
export type { ImageInput, RgbaImage, RgbImage, SentImage, ShownImage } from './core/types/image';
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
  SaveDtype,
} from './core/types/model';
export type {
  Confusion,
  EmbedInput,
  EmbedOptions,
  EmbedProgress,
  HeadFigures,
  HeadFit,
  HeldOutFit,
  LabelScore,
  PredictInput,
  PredictOptions,
} from './core/types/prediction';
export type { ImagePreview, NamedLabel, Preview, PreviewLabel, PreviewOptions } from './core/types/preview';
export type { TrainerCallback, TrainerControl, TrainerHook } from './core/types/run';
export type { ModelSource, ParserLimits, ProgressInfo } from './core/types/source';
export type { IdMatrix, ModelInputs, Tensor } from './core/types/tensor';
export type {
  Dataset,
  EvalLogs,
  Example,
  ImageExample,
  LabelList,
  PauseReason,
  StepLogs,
  TrainEvent,
  TrainerState,
  TrainingArguments,
  TrainOutput,
  TrainProgress,
} from './core/types/training';
export type { AdaptedModel } from './page/adapters/adapted_model';
export type {
  LoadArguments,
  LoadBesideArguments,
  MergeArguments,
  UnloadArguments,
} from './page/adapters/adapter_arguments';
export type { AdapterOptions, MergeOptions, SaveOptions, UnloadOptions } from './page/adapters/adapter_options';
export type { LayerStatus, ModelStatus } from './page/adapters/adapter_status';
export { type AdapterInfo, adapters } from './page/adapters/adapters';
export type { FitHeadOptions } from './page/adapters/fit_head';
export { IA3Model } from './page/adapters/ia3/ia3_model';
export { type CombinationArguments, type CombinationOptions, LoraModel } from './page/adapters/lora/lora_model';
export type {
  AdaptedModelOf,
  AdapterTypes,
  AnyAdaptedModel,
  AnyAdapterConfig,
  AnyAdapterConfigInit,
} from './page/adapters/page_kinds';
export { get_peft_model, PeftConfig, PeftModel } from './page/adapters/peft_classes';
export { UniLoraModel } from './page/adapters/unilora/unilora_model';
export type { LoraOptions } from './page/adapters/vera/vera_model';
export { VeraModel } from './page/adapters/vera/vera_model';
export { type LabelledFile, type LabelledFiles, labelledFiles } from './page/data/labelled_files';
export {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  AutoTokenizer,
} from './page/models/auto_classes';
export type { EstimatePlan } from './page/models/estimate_plan';
export {
  type AnsweringModel,
  LanguageModel,
  type LanguageModelOptions,
  type LanguageModelPromptOptions,
} from './page/models/language_model';
export type {
  LanguageModelExpected,
  LanguageModelMessage,
  LanguageModelMessageContent,
  LanguageModelPrompt,
} from './page/models/language_prompts';
export { type CachedModel, models, type VerifyOptions } from './page/models/models';
export type { BatchGeneration, Generation } from './page/models/remote_generation';
export type { PreTrainedModel } from './page/models/remote_model';
export type { Tokenizer } from './page/models/remote_tokenizer';
export type {
  AdapterSource,
  AutoModelOptions,
  ClassifierOptions,
  ImageClassifierOptions,
  PretrainedOptions,
  SourceOptions,
  TextClassifierOptions,
} from './page/models/source_options';
export { estimate, probe } from './page/plans/asks';
export { Profile } from './page/profile/profile';
export type {
  GeneratedText,
  LearnCandidate,
  LearnKind,
  LearnMethod,
  LearnOptions,
  LearnPhase,
  LearnRecord,
  ProfileInfo,
  ProfileOptions,
} from './page/profile/types';
export type { SessionState } from './page/rpc/link';
export { defaultSession } from './page/session/default_session';
export {
  type CallOptions,
  Session,
  type SessionEventMap,
  type SessionOptions,
  WarningEvent,
} from './page/session/session';
export type { AdapterDatasets } from './page/training/adapter_datasets';
export { type CheckpointInfo, checkpoints } from './page/training/checkpoints';
export { DPOTrainer, type DPOTrainerInit } from './page/training/dpo_trainer';
export { export_run } from './page/training/export_run';
export { KTOTrainer, type KTOTrainerInit } from './page/training/kto_trainer';
export type { DPOConfig, KTOConfig, PreferenceArguments } from './page/training/preference_arguments';
export type { TrainRun } from './page/training/train_run';
export { type AdaptersTrainerInit, Trainer, type TrainerInit, type TrainOptions } from './page/training/trainer';
