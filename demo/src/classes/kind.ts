import type { ClassifierOptions, Example, PreTrainedModel, TrainingArguments, VeraConfigInit } from 'webvera';
import type { Labelled } from './class_set';

/** The kind of samples that a page classifies, and its model. */
export interface Kind<Content> {
  /** The key of the page's data in storage. */
  readonly key: string;
  /** The base model's name, and its pooling if there is a choice. A trained adapter fits only this model and pooling. */
  readonly model: string;
  /** The word for one sample, such as 'message'; `things` is the word for several. */
  readonly thing: string;
  readonly things: string;
  /** The most samples that the page can hold. */
  readonly most: number;
  /** The configuration of a new adapter. */
  readonly config: VeraConfigInit;
  /** Arguments for solving for a head and for refining. */
  readonly args: TrainingArguments;
  /** Further arguments for refining alone. */
  readonly refining: TrainingArguments;
  load(options: ClassifierOptions): Promise<PreTrainedModel>;
  example(content: Content, label: number): Example;
  /** The samples that the page begins with. */
  samples(): Promise<readonly Labelled<Content>[]>;
}
