import { late } from '../../../core/async/late';
import type { PretrainedConfig } from '../../../core/types/model';
import type { ModelFiles } from '../../../formats/models/model_files';
import { createNetwork } from '../../../models/model_registry';

/** Loads the code that prepares images for a model. */
export const imageCode = late(async () => await import('./image_processor_loader'));

/**
 * Returns the edge in pixels of the images that the folder's image processor makes; undefined if the folder has no usable one, or if its
 * model reads no images.
 */
export async function imageSizeOf(
  config: PretrainedConfig,
  files: Pick<ModelFiles, 'preprocessor'>,
): Promise<number | undefined> {
  if (createNetwork(config, {}).image === undefined) return undefined;
  const settings = await files.preprocessor();
  return settings && (await imageCode()).preparedEdge(settings, config.model_type);
}
