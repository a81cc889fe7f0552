import type { AdapterKind, ResolvedAdapter } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { type HeadPooling, pooledBy } from '../../core/pooling/pooling';
import type { Head } from '../../models/architecture';
import { addedPooling, POOLED_CLASS, POOLED_MODULE, poolingOf, samePooling } from '../../models/pooled_head';

/**
 * Returns a new adapter's configuration. Its field `auto_mapping` describes the pooling of the hidden states that the model's head reads.
 */
export function pooledConfig(kind: AdapterKind, config: AdapterConfig, head: Head): AdapterConfig {
  const pooling = addedPooling(head);
  if (pooling === undefined) return config;
  const mapping = { base_model_class: POOLED_CLASS, parent_library: POOLED_MODULE, pooling };
  return new kind.Config({ ...config, auto_mapping: { ...config.auto_mapping, ...mapping } });
}

/**
 * Throws `invalid_argument` for a stored adapter whose head was trained with another pooling. Only warns if the texts had another maximum
 * length, because short texts have the same vectors.
 */
export function expectPooling(
  { auto_mapping }: AdapterConfig,
  { trained }: ResolvedAdapter,
  head: Head,
  warn: Warn | undefined,
): void {
  const trainsHead = head.modules.some(
    ({ name }) => name !== '' && trained.some((each) => each.name.startsWith(`${name}.`)),
  );
  if (!trainsHead) return;
  const [stored, own] = [poolingOf(auto_mapping?.pooling), addedPooling(head)];
  if (samePooling(stored, own)) {
    warnOfLength(stored?.max_seq_length, own?.max_seq_length, warn);
    return;
  }
  const option = optionFor(stored, own);
  throw new WebVeraError(
    'invalid_argument',
    `Expected an adapter whose head was trained on ${told(own)}, got one trained on ${told(stored)}`,
    {
      hint:
        option === undefined
          ? "Load the base model from the folder and with the pooling that the adapter was trained with: the folder's prompt, lower case and normalisation count."
          : `Load the base model with pooling: '${option}', which the adapter was trained with.`,
    },
  );
}

function warnOfLength(stored: number | undefined, own: number | undefined, warn: Warn | undefined): void {
  // Adapters that earlier versions saved lack the maximum length.
  if (stored === undefined || own === undefined || stored === own) return;
  const message = `The adapter's head was trained on texts of at most ${stored} tokens, and here it reads at most ${own}`;
  warn?.({ code: 'other_length', message });
}

function told(pooling: HeadPooling | undefined): string {
  if (pooling === undefined) return "transformers' own class";
  const { modes, dense = [], normalize, prompt, do_lower_case } = pooling;
  const layers = dense.map(
    (each) => `changed by a Dense (${each.in_features} to ${each.out_features}, ${each.activation})`,
  );
  const texts = [
    ...layers,
    normalize && 'normalised',
    do_lower_case && 'of texts in lower case',
    prompt && `behind '${prompt}'`,
  ];
  return ['vectors of the pooling '.concat(modes.join(', ')), ...texts.filter(Boolean)].join(', ');
}

/** The value of the option `pooling` that loads the model with the pooling `stored`; undefined if no value does. */
function optionFor(stored: HeadPooling | undefined, own: HeadPooling | undefined): string | undefined {
  if (stored === undefined) return 'none';
  const [mode, ...others] = stored.modes;
  return mode && others.length === 0 && samePooling(stored, pooledBy(mode, own)) ? mode : undefined;
}
