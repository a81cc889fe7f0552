import { AutoModelForImageClassification } from 'webvera';
import type { Kind } from '../classes/kind';
import { starterPictures } from './starter';

const MODEL = 'vit-pictures-1.4M';

/** Small PNG pictures, classified by the bundled vision transformer. */
export const pictures: Kind<Blob> = {
  key: 'images',
  model: MODEL,
  thing: 'picture',
  things: 'pictures',
  most: 400,
  // PEFT has no task type for images, so the head is named here.
  config: { r: 64, target_modules: 'all-linear', modules_to_save: ['classifier'], base_model_name_or_path: MODEL },
  args: { per_device_train_batch_size: 16 },
  refining: { learning_rate: 3e-2 },
  load: (options) =>
    AutoModelForImageClassification.from_pretrained(new URL(`models/${MODEL}/`, document.baseURI), {
      ...options,
      ignore_mismatched_sizes: true,
    }),
  example: (image, label) => ({ image, label }),
  samples: starterPictures,
};
