import type { ClassifierOptions, Example, PreTrainedModel, TrainingArguments, VeraConfigInit } from 'webvera';
import type { Labelled } from './class_set';

/** The kind of samples that a page classifies, and its model. */
export interface Kind<Content> {
  /** The key of the page's data in storage. */
  readonly key: string;
  /** The base model's name, and the way in which its vectors are made. A trained adapter fits no other model or vectors. */
  readonly model: string;
  /** The word for one sample, such as 'message'; `things` is the word for several. */
  readonly thing: string;
  readonly things: string;
  /** The most samples. */
  readonly most: number;
  /** The configuration of a new adapter. */
  readonly config: VeraConfigInit;
  /** Arguments of each way to learn. */
  readonly args: TrainingArguments;
  /** Further arguments of a refinement. */
  readonly refining: TrainingArguments;
  load(options: ClassifierOptions): Promise<PreTrainedModel>;
  example(content: Content, label: number): Example;
  /** The samples that the page begins with. */
  samples(): Promise<readonly Labelled<Content>[]>;
}
