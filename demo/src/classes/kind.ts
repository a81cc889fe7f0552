import type { ClassifierOptions, Example, PreTrainedModel, TrainingArguments, VeraConfigInit } from 'webvera';

export type SettingName = 'max_steps' | 'learning_rate' | 'headLearningRate' | 'r' | 'seed';
export type Settings = Readonly<Record<SettingName, number>>;

/** The kind of samples that a page classifies, and its model. */
export interface Kind<Content> {
  /** The key of the page's data in storage. */
  readonly key: string;
  /** The base model's name. */
  readonly model: string;
  /** 'message', 'messages' */
  readonly thing: string;
  readonly things: string;
  /** The most samples. */
  readonly most: number;
  readonly defaults: Settings;
  /** Further options of the adapter and the runs. */
  readonly config: VeraConfigInit;
  readonly args: TrainingArguments;
  load(options: ClassifierOptions): Promise<PreTrainedModel>;
  example(content: Content, label: number): Example;
}
