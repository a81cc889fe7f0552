import { late } from '../../../core/async/late';

/** Loads the code that prepares images for a model. */
export const imageCode = late(async () => await import('./image_processor_loader'));
