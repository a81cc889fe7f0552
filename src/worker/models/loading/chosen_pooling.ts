import { WebVeraError } from '../../../core/errors/error';
import type { Pooling, PoolingMode } from '../../../core/pooling/pooling';
import type { SentenceSettings } from '../../../core/pooling/sentences';
import type { PretrainedConfig } from '../../../core/types/model';
import { configuredPooling, hasOwnClassifier } from '../../../models/pooled_head';

/**
 * The pooling under a classifier's head; undefined for transformers' own head. With 'auto' it is the config.json's, or the
 * folder's. Throws `unsupported_model` for a folder whose vectors need a module that isn't computed here.
 */
export function chosenPooling(
  asked: PoolingMode | 'auto',
  config: PretrainedConfig,
  sentences: SentenceSettings | undefined,
): Pooling | undefined {
  const own = configuredPooling(config);
  if (asked !== 'auto') {
    const { normalize } = own ?? sentences?.pooling ?? { normalize: false };
    return { modes: [asked], normalize };
  }
  if (own !== undefined || sentences === undefined || hasOwnClassifier(config)) return own;
  if (sentences.unsupported === undefined) return sentences.pooling;
  throw new WebVeraError(
    'unsupported_model',
    `modules.json: expected a Transformer, a Pooling and perhaps a Normalize, got ${sentences.unsupported}`,
    { hint: "{ pooling: 'mean' } classifies by the hidden states alone, without the folder's other modules." },
  );
}
