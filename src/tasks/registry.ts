import type { Architecture } from '../models/architecture';
import type { TextTokenizer } from '../tokenizer/tokenizer';
import { CausalLm } from './causal_lm/causal_lm';
import { ImageClassification } from './image_classification/image_classification';
import { SequenceClassification } from './sequence_classification/sequence_classification';
import type { Task } from './task';

/** What a model is used for, by its head. */
export function createTask(
  model: Pick<Architecture, 'text' | 'image' | 'config' | 'head' | 'task'>,
  tokenizer?: TextTokenizer | undefined,
): Task {
  switch (model.task) {
    case 'causal_lm':
      return new CausalLm(model, tokenizer);
    case 'sequence_classification':
      return new SequenceClassification(model, tokenizer);
    case 'image_classification':
      return new ImageClassification(model);
  }
}
