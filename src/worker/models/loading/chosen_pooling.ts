import { type HeadPooling, type PoolingChoice, pooledBy } from '../../../core/pooling/pooling';
import { type SentenceSettings, unsupportedSentences } from '../../../core/pooling/sentences';
import type { PretrainedConfig } from '../../../core/types/model';
import { configuredPooling, hasOwnClassifier } from '../../../models/pooled_head';

/**
 * Returns how a classifier's texts are prepared and pooled into the vectors that its head reads: the pooling, the prompt before the texts,
 * lower case, and the largest length. Returns undefined for 'none' and for the head of transformers' own classifier. 'auto' means the
 * pooling of config.json or, if config.json has no pooling and doesn't name transformers' own classifier, that of modules.json. Throws
 * `unsupported_model` if modules.json then needs an unsupported module.
 */
export function chosenPooling(
  asked: PoolingChoice,
  config: PretrainedConfig,
  sentences: SentenceSettings | undefined,
): HeadPooling | undefined {
  if (asked === 'none') return undefined;
  const own = configuredPooling(config);
  const usual = own ?? (sentences && ofFolder(sentences));
  if (asked !== 'auto') return pooledBy(asked, usual);
  if (own !== undefined || sentences === undefined || hasOwnClassifier(config)) return own;
  if (sentences.unsupported === undefined) return usual;
  throw unsupportedSentences(sentences);
}

function ofFolder({ pooling, prompt, lowerCase, maxLength }: SentenceSettings): HeadPooling {
  return {
    ...pooling,
    ...(prompt !== '' && { prompt }),
    ...(lowerCase && { do_lower_case: true }),
    ...(maxLength !== undefined && { max_seq_length: maxLength }),
  };
}
