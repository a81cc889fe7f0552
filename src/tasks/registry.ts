import type { Architecture } from '../models/architecture';
import type { TextTokenizer } from '../tokenizer/tokenizer';
import { CausalLm } from './causal_lm/causal_lm';
import { SequenceClassification } from './sequence_classification/sequence_classification';
import type { Task } from './task';

/** What a model is used for, by its head. */
export function createTask(
  model: Pick<Architecture, 'text' | 'config' | 'head' | 'task'>,
  tokenizer?: TextTokenizer | undefined,
): Task {
  return model.task === 'causal_lm' ? new CausalLm(model, tokenizer) : new SequenceClassification(model, tokenizer);
}
