import { AutoModelForSequenceClassification } from 'webvera';
import type { Kind } from '../classes/kind';
import { bundledModel } from '../library/model_files';

/** Short texts, classified by the bundled language model. */
export const messages: Kind<string> = {
  key: 'classify',
  model: bundledModel.name,
  thing: 'message',
  things: 'messages',
  most: 1000,
  defaults: { max_steps: 60, learning_rate: 3e-2, headLearningRate: 1e-2, r: 64, seed: 42 },
  config: { target_modules: ['q_proj', 'v_proj'], task_type: 'SEQ_CLS' },
  args: { per_device_train_batch_size: 16, max_length: 128 },
  load: (options) => AutoModelForSequenceClassification.from_pretrained(bundledModel.source, options),
  example: (text, label) => ({ text, label }),
};
