import { AutoModelForSequenceClassification } from 'webvera';
import type { Kind } from '../classes/kind';
import { bundledModel } from '../library/model_files';
import { starterMessages } from './starter';

/** Short texts, classified by the bundled language model. */
export const messages: Kind<string> = {
  key: 'classify',
  model: `${bundledModel.name}, mean`,
  thing: 'message',
  things: 'messages',
  most: 1000,
  config: {
    r: 64,
    target_modules: ['q_proj', 'v_proj'],
    task_type: 'SEQ_CLS',
    base_model_name_or_path: bundledModel.name,
  },
  args: { per_device_train_batch_size: 16, max_length: 128 },
  refining: { learning_rate: 5e-2 },
  // The mean uses all tokens of a text. In such a small model, the hidden state of the last token holds too little information.
  load: (options) =>
    AutoModelForSequenceClassification.from_pretrained(bundledModel.source, { ...options, pooling: 'mean' }),
  example: (text, label) => ({ text, label }),
  samples: async () => starterMessages,
};
