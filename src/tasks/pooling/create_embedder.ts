import type { Pooling, PoolingMode } from '../../core/pooling/pooling';
import { DEFAULT_SENTENCES, type SentenceSettings, unsupportedSentences } from '../../core/pooling/sentences';
import { imageSizes } from '../../models/architecture';
import type { Embedder } from '../task/embedder';
import type { Preprocessors, TaskModel } from '../task/task_kind';
import { ImageEmbedder } from './image_embedder';
import { TextEmbedder } from './text_embedder';

/** The caller's choices, which override the pooling that the model's folder specifies. */
interface AskedPooling {
  readonly pooling?: PoolingMode | undefined;
  readonly normalize?: boolean | undefined;
}

/** The default poolings for images: the first token, as in transformers, or the mean of the patches if no token stands for the image. */
const FIRST: Pooling = { modes: ['first'], normalize: false };
const MEAN: Pooling = { modes: ['mean'], normalize: false };

/**
 * Creates an embedder, which makes vectors of a model's inputs. By default, texts are pooled as the model's folder specifies, or by their
 * mean if it specifies no pooling; an image's vector is computed by `imageVectors`, or else by the pooling `FIRST` or `MEAN`.
 */
export function createEmbedder(
  model: Pick<TaskModel, 'text' | 'image' | 'imageVectors' | 'config'>,
  { tokenizer, imageProcessor, sentences = DEFAULT_SENTENCES }: Preprocessors,
  asked: AskedPooling = {},
): Embedder {
  const { text } = model;
  if (text !== undefined) {
    return new TextEmbedder({ text, tokenizer, sentences, pooling: chosen(asked, sentences.pooling) });
  }
  const image = imageSizes(model);
  const imageVectors = asked.pooling === undefined ? model.imageVectors : undefined;
  const own = imageVectors === undefined && image.classTokens === 0 ? MEAN : FIRST;
  return new ImageEmbedder({ image, processor: imageProcessor, pooling: chosen(asked, own), imageVectors });
}

/** Returns the pooling. A mode from the caller drops the folder's layers after the pooling, because they fit only the folder's modes. */
function chosen({ pooling, normalize: asked }: AskedPooling, own: Pooling): Pooling {
  const normalize = asked ?? own.normalize;
  return pooling === undefined ? { ...own, normalize } : { modes: [pooling], normalize };
}

/**
 * Throws `unsupported_model` if the caller leaves the pooling to the model's folder, and the folder needs a module that isn't supported
 * here.
 */
export function expectSupported(sentences: SentenceSettings, { pooling }: AskedPooling): void {
  if (sentences.unsupported !== undefined && pooling === undefined) throw unsupportedSentences(sentences);
}
