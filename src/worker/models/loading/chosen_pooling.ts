import type { HeadPooling, PoolingMode } from '../../../core/pooling/pooling';
import { type SentenceSettings, unsupportedSentences } from '../../../core/pooling/sentences';
import type { PretrainedConfig } from '../../../core/types/model';
import { configuredPooling, hasOwnClassifier } from '../../../models/pooled_head';

/**
 * Returns the pooling whose vectors a classifier's head reads, with the prompt to put before texts, whether to lower their case, and their
 * largest length; undefined for transformers' own head. 'auto' chooses the pooling of config.json. If that has none and doesn't name
 * transformers' own classifier, 'auto' chooses the pooling of modules.json. Throws `unsupported_model` if modules.json then needs an
 * unsupported module.
 */
export function chosenPooling(
  asked: PoolingMode | 'auto',
  config: PretrainedConfig,
  sentences: SentenceSettings | undefined,
): HeadPooling | undefined {
  const own = configuredPooling(config);
  const usual = own ?? (sentences && ofFolder(sentences));
  if (asked !== 'auto') return { normalize: false, ...usual, modes: [asked] };
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
