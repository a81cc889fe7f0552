import type { Field } from '../../config/adapter_fields';

/** The fields of PEFT's `LoraConfig` for methods that webvera doesn't implement, with their defaults. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  megatron_config: null,
  megatron_core: 'megatron.core',
  trainable_token_indices: null,
  loftq_config: {},
  eva_config: null,
  corda_config: null,
  lora_ga_config: null,
  velora_config: null,
  alora_invocation_tokens: null,
  use_qalora: false,
  qalora_group_size: 16,
  monteclora_config: null,
  layer_replication: null,
  target_parameters: null,
  use_bdlora: null,
  arrow_config: null,
  kasa_config: null,
  ensure_weight_tying: false,
};

/** Values other than the default with which PEFT doesn't use the method, as JSON. Saved adapters may contain them. */
const ALSO_OFF: Readonly<Record<string, readonly string[]>> = {
  megatron_core: ['null'],
  loftq_config: ['null'],
  layer_replication: ['[]'],
  target_parameters: ['[]'],
};

/** The fields that PEFT reads only if another of these fields enables a method. They accept any value of their type. */
const UNREAD: readonly string[] = ['qalora_group_size', 'megatron_core'];

/** The fields that accept only their default or an equivalent value. For any other value, an error names the field. */
export const UNBUILT: Readonly<Record<string, Field>> = Object.fromEntries(
  Object.entries(DEFAULTS).map(([name, fallback]) => {
    const text = JSON.stringify(fallback);
    const off = [text, ...(ALSO_OFF[name] ?? [])];
    const accepts = (value: unknown): boolean =>
      off.includes(JSON.stringify(value) ?? '') || (UNREAD.includes(name) && typeof value === typeof fallback);
    return [name, { fallback, expected: `${text}, as webvera has nothing else of it`, accepts }];
  }),
);

/**
 * The fields that PEFT has known since 0.11. PEFT up to 0.13 rejects files with unknown fields, so the other fields of `UNBUILT` aren't
 * written.
 */
export const WRITTEN: readonly string[] = [
  'megatron_config',
  'megatron_core',
  'loftq_config',
  'use_dora',
  'layer_replication',
];
