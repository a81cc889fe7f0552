import type { VeraConfigInit } from '../../src/index';

export interface Family {
  /** The golden case that has its base model, batches and tolerances. */
  readonly golden: string;
  /** What VeRA wraps. */
  readonly target_modules: readonly string[];
  /** A module that trains whole beside it. */
  readonly whole: string;
}

/** Every family whose adapters are carried to PEFT and back. A new one is one line. */
export const families: readonly Family[] = [
  { golden: 'llama_qvud_big', target_modules: ['q_proj', 'v_proj', 'up_proj', 'down_proj'], whole: 'lm_head' },
  { golden: 'gpt2_all_mid', target_modules: ['c_attn', 'c_proj', 'c_fc'], whole: 'ln_f' },
  { golden: 'opt_bias_mid', target_modules: ['q_proj', 'v_proj', 'fc1', 'fc2'], whole: 'final_layer_norm' },
];

/** The ways in which adapters differ in what they train and save. */
export const variants = ({ whole }: Family): Readonly<Record<string, VeraConfigInit>> => ({
  'projections saved': { save_projection: true },
  'projections from the key': { save_projection: false, projection_prng_key: 7 },
  biases: { bias: 'vera_only', save_projection: false },
  [`${whole} as a whole`]: { modules_to_save: [whole] },
});
