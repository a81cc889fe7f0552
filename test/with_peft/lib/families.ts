import type { VeraConfigInit } from '../../../src/index';

export interface Family {
  /** The golden case with this family's base model, batches and tolerances. */
  readonly golden: string;
  /** The modules that VeRA wraps. */
  readonly target_modules: readonly string[];
  /** A module that is trained in full (`modules_to_save`) in one of the variants. */
  readonly whole: string;
}

/** All families whose adapters are exchanged with PEFT in both directions. A new family needs one line here. */
export const families: readonly Family[] = [
  { golden: 'llama_qvud_big', target_modules: ['q_proj', 'v_proj', 'up_proj', 'down_proj'], whole: 'lm_head' },
  { golden: 'qwen2_bias_mid', target_modules: ['q_proj', 'v_proj', 'gate_proj'], whole: 'norm' },
  { golden: 'qwen3_mid', target_modules: ['q_proj', 'k_proj', 'down_proj'], whole: 'q_norm' },
  { golden: 'mistral_window_mid', target_modules: ['q_proj', 'v_proj', 'up_proj'], whole: 'lm_head' },
  { golden: 'olmo2_mid', target_modules: ['q_proj', 'k_proj', 'up_proj'], whole: 'q_norm' },
  { golden: 'lfm2_left_mid', target_modules: ['in_proj', 'q_proj', 'out_proj', 'w2'], whole: 'conv.conv' },
  { golden: 'phi3_fused_mid', target_modules: ['qkv_proj', 'gate_up_proj', 'down_proj'], whole: 'input_layernorm' },
  { golden: 'gemma_mid', target_modules: ['q_proj', 'v_proj', 'gate_proj'], whole: 'input_layernorm' },
  { golden: 'gemma2_capped_mid', target_modules: ['k_proj', 'v_proj', 'up_proj'], whole: 'pre_feedforward_layernorm' },
  { golden: 'gemma3_mid', target_modules: ['q_proj', 'o_proj', 'down_proj'], whole: 'k_norm' },
  { golden: 'falcon_default_mid', target_modules: ['query_key_value', 'dense_h_to_4h'], whole: 'input_layernorm' },
  { golden: 'falcon_new_all_mid', target_modules: ['query_key_value', 'dense_4h_to_h'], whole: 'ln_mlp' },
  { golden: 'falcon_alibi_left_mid', target_modules: ['query_key_value', 'dense'], whole: 'post_attention_layernorm' },
  { golden: 'gpt_neox_left_mid', target_modules: ['query_key_value', 'dense', 'dense_4h_to_h'], whole: 'lm_head' },
  { golden: 'gpt_neo_left_mid', target_modules: ['q_proj', 'v_proj', 'out_proj', 'c_proj'], whole: 'ln_f' },
  { golden: 'gpt2_all_mid', target_modules: ['c_attn', 'c_proj', 'c_fc'], whole: 'ln_f' },
  { golden: 'opt_bias_mid', target_modules: ['q_proj', 'v_proj', 'fc1', 'fc2'], whole: 'final_layer_norm' },
];

/** Configurations that train or save different tensors. */
export const variants = ({ whole }: Family): Readonly<Record<string, VeraConfigInit>> => ({
  'projections saved': { save_projection: true },
  'projections from the key': { save_projection: false, projection_prng_key: 7 },
  biases: { bias: 'vera_only', save_projection: false },
  [`${whole} as a whole`]: { modules_to_save: [whole] },
});
