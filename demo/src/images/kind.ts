import { AutoModelForImageClassification } from 'webvera';
import type { Kind } from '../classes/kind';

/** Small PNG pictures, classified by the bundled vision transformer. */
export const pictures: Kind<Blob> = {
  key: 'images',
  model: 'vit-pictures-1.4M',
  thing: 'picture',
  things: 'pictures',
  most: 400,
  defaults: { max_steps: 60, learning_rate: 3e-2, headLearningRate: 4e-3, r: 64, seed: 42 },
  // PEFT has no task type for images, so the head is named here.
  config: { target_modules: 'all-linear', modules_to_save: ['classifier'] },
  args: { per_device_train_batch_size: 32 },
  load: (options) =>
    AutoModelForImageClassification.from_pretrained(new URL('models/vit-pictures-1.4M/', document.baseURI), {
      ...options,
      ignore_mismatched_sizes: true,
    }),
  example: (image, label) => ({ image, label }),
};
