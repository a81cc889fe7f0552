import { WebVeraError } from '../../../core/errors/error';
import type { HeadPooling, PoolingMode } from '../../../core/pooling/pooling';
import type { SentenceSettings } from '../../../core/pooling/sentences';
import type { PretrainedConfig } from '../../../core/types/model';
import { configuredPooling, hasOwnClassifier } from '../../../models/pooled_head';

/**
 * Returns the pooling whose vectors a classifier's head reads, with the prompt to put before texts and whether to lower their case;
 * undefined for transformers' own head. 'auto' chooses the pooling of config.json. If that has none and doesn't name transformers' own
 * classifier, 'auto' chooses the pooling of modules.json. Throws `unsupported_model` if modules.json then needs an unsupported module.
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
  throw new WebVeraError(
    'unsupported_model',
    `modules.json: expected a Transformer, a Pooling and perhaps a Normalize, got ${sentences.unsupported}`,
    { hint: "{ pooling: 'mean' } classifies by the hidden states alone, without the folder's other modules." },
  );
}

function ofFolder({ pooling, prompt, lowerCase }: SentenceSettings): HeadPooling {
  return { ...pooling, ...(prompt !== '' && { prompt }), ...(lowerCase && { do_lower_case: true }) };
}
