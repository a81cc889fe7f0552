import type { ClassifierOptions, Example, PreTrainedModel, TrainingArguments, VeraConfigInit } from 'webvera';

export type SettingName = 'max_steps' | 'learning_rate' | 'headLearningRate' | 'r' | 'seed';
export type Settings = Readonly<Record<SettingName, number>>;

/** What a page sorts into classes, and how a model learns that. */
export interface Kind<Content> {
  /** Under which name what it has is kept. */
  readonly key: string;
  /** Of the base model. */
  readonly model: string;
  /** 'message', 'messages' */
  readonly thing: string;
  readonly things: string;
  /** How many samples there can be. */
  readonly most: number;
  readonly defaults: Settings;
  /** What else its adapter and its runs have. */
  readonly config: VeraConfigInit;
  readonly args: TrainingArguments;
  load(options: ClassifierOptions): Promise<PreTrainedModel>;
  example(content: Content, label: number): Example;
}
