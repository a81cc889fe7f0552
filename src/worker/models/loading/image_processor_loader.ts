import { WebVeraError } from '../../../core/errors/error';
import type { ImageSettings, ModelFiles } from '../../../formats/models/model_files';
import { ImageProcessor, type LoadedProcessor } from '../../../images/image_processor';
import {
  type PreprocessorConfig,
  parsePreprocessorConfig,
  preparedSize,
  usualPreprocessorConfig,
} from '../../../images/preprocessor_config';
import type { Architecture, ImageSizes } from '../../../models/architecture';
import type { SessionHost } from '../../protocol';

/** The number of channels of a decoded image: red, green and blue. */
const CHANNELS = 3;

/**
 * Returns the image processor that the folder's settings describe. Without them, returns that of the `model_type` for the model's image
 * size, or undefined if the model doesn't read three channels. Returns undefined for a model that reads no images. Returns an error,
 * without throwing it, if the settings have unsupported or invalid fields, or if their images don't fit the model. Throws `invalid_format`
 * if the file isn't JSON, and the source's errors.
 */
export async function loadImageProcessor(
  { decodeImage: decode, quiet }: Pick<SessionHost, 'decodeImage' | 'quiet'>,
  files: Pick<ModelFiles, 'preprocessor'>,
  { image, config: { model_type } }: Pick<Architecture, 'image' | 'config'>,
): Promise<LoadedProcessor> {
  if (image === undefined) return undefined;
  const settings = await files.preprocessor();
  if (settings === undefined && image.channels !== CHANNELS) return undefined;
  try {
    const config = settings ? parsed(settings, model_type) : usualPreprocessorConfig(image.size, model_type);
    if (settings) expectFitting(config, image, settings);
    return new ImageProcessor(config, { decode, quiet });
  } catch (error) {
    if (error instanceof WebVeraError) return error;
    throw error;
  }
}

/** Returns the edge in pixels of the squares that a folder's settings for images make; undefined for other images and invalid settings. */
export function preparedEdge(settings: ImageSettings, modelType: string): number | undefined {
  try {
    const { height, width } = preparedSize(parsed(settings, modelType)) ?? {};
    return height === width ? height : undefined;
  } catch (error) {
    if (error instanceof WebVeraError) return undefined;
    throw error;
  }
}

function parsed({ json, where }: ImageSettings, modelType: string): PreprocessorConfig {
  return parsePreprocessorConfig(json, modelType, where);
}

function expectFitting(config: PreprocessorConfig, { channels, size }: ImageSizes, { where }: ImageSettings): void {
  const { height, width } = preparedSize(config) ?? { height: size, width: size };
  const expected = `images of ${size}×${size} in ${channels} channels, as config.json says`;
  if (height === size && width === size && channels === CHANNELS) return;
  const message = `${where}: expected ${expected}, got ${height}×${width} in ${CHANNELS}`;
  throw new WebVeraError('invalid_format', message, {
    hint: 'Do these two files belong together? If they do, pass images as pixel_values.',
  });
}
