import type { ImageProcessor } from '../images/image_processor';
import type { Architecture } from '../models/architecture';
import type { TextTokenizer } from '../tokenizer/tokenizer';
import { CausalLm } from './causal_lm/causal_lm';
import { ImageClassification } from './image_classification/image_classification';
import { SequenceClassification } from './sequence_classification/sequence_classification';
import type { Task } from './task';

/** What makes a model's inputs of texts or images, where its folder has it. */
export interface Preprocessors {
  readonly tokenizer?: TextTokenizer | undefined;
  readonly imageProcessor?: ImageProcessor | undefined;
}

/** What a model is used for, by its head. */
export function createTask(
  model: Pick<Architecture, 'text' | 'image' | 'config' | 'head' | 'task'>,
  { tokenizer, imageProcessor }: Preprocessors = {},
): Task {
  switch (model.task) {
    case 'causal_lm':
      return new CausalLm(model, tokenizer);
    case 'sequence_classification':
      return new SequenceClassification(model, tokenizer);
    case 'image_classification':
      return new ImageClassification(model, imageProcessor);
  }
}
