import { WebVeraError } from '../../../core/errors/error';
import { type FileSource, readIfKnown } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import { parseJsonObject } from '../../../formats/json';
import { PREPROCESSOR_FILE } from '../../../formats/models/model_files';
import { ImageProcessor, type LoadedProcessor } from '../../../images/image_processor';
import { type PreprocessorConfig, parsePreprocessorConfig, preparedSize } from '../../../images/preprocessor_config';
import type { Architecture, ImageSizes } from '../../../models/architecture';
import type { SessionHost } from '../../protocol';

/** Red, green and blue. */
const CHANNELS = 3;

/**
 * Returns the image processor that preprocessor_config.json describes. Without that file, returns one with the defaults of
 * `ViTImageProcessor` and the model's image size, or undefined if the model doesn't read three channels. Returns undefined for a model that
 * reads no images. Returns an error, without throwing it, if the file has unsupported or invalid fields, or if its images don't fit the
 * model. Throws `invalid_format` if the file isn't JSON, and the source's errors.
 */
export async function loadImageProcessor(
  { host, limits }: { readonly host: SessionHost; readonly limits: ParserLimits },
  source: FileSource,
  { image }: Pick<Architecture, 'image'>,
): Promise<LoadedProcessor> {
  if (image === undefined) return undefined;
  const json = await readIfKnown(source, PREPROCESSOR_FILE, limits.json);
  if (json === undefined && image.channels !== CHANNELS) return undefined;
  const fields = json === undefined ? { size: image.size } : parseJsonObject(json, PREPROCESSOR_FILE, limits.json);
  const { decodeImage: decode, quiet } = host;
  try {
    const config = parsePreprocessorConfig(fields);
    expectFitting(config, image);
    return new ImageProcessor(config, { decode, quiet });
  } catch (error) {
    if (error instanceof WebVeraError) return error;
    throw error;
  }
}

function expectFitting(config: PreprocessorConfig, { channels, size }: ImageSizes): void {
  const { height, width } = preparedSize(config) ?? { height: size, width: size };
  const expected = `images of ${size}×${size} in ${channels} channels, as config.json says`;
  if (height === size && width === size && channels === CHANNELS) return;
  const message = `${PREPROCESSOR_FILE}: expected ${expected}, got ${height}×${width} in ${CHANNELS}`;
  throw new WebVeraError('invalid_format', message, {
    hint: 'Do config.json and preprocessor_config.json belong together? If they do, pass images as pixel_values.',
  });
}
