/** The modules that PEFT wraps by default in models of one type. */
interface DefaultModules {
  readonly targets: readonly string[];
  readonly feedforward: readonly string[];
}

const modules = (targets: readonly string[], feedforward: readonly string[]): DefaultModules => ({
  targets: [...targets, ...feedforward],
  feedforward,
});

/** PEFT's default (IA)³ modules by model_type, for configurations that name none. */
export const DEFAULT_MODULES: Readonly<Record<string, DefaultModules>> = {
  t5: modules(['k', 'v'], ['wo']),
  mt5: modules(['k', 'v', 'wi_1'], []),
  gpt2: modules(['c_attn'], ['mlp.c_proj']),
  bloom: modules(['query_key_value'], ['mlp.dense_4h_to_h']),
  roberta: modules(['key', 'value'], ['output.dense']),
  opt: modules(['q_proj', 'k_proj'], ['fc2']),
  gptj: modules(['q_proj', 'v_proj'], ['fc_out']),
  gpt_neox: modules(['query_key_value'], ['dense_4h_to_h']),
  gpt_neo: modules(['q_proj', 'v_proj'], ['c_proj']),
  bart: modules(['q_proj', 'v_proj'], ['fc2']),
  gpt_bigcode: modules(['c_attn'], ['mlp.c_proj']),
  llama: modules(['k_proj', 'v_proj'], ['down_proj']),
  llama4: modules(['q_proj', 'v_proj'], ['down_proj']),
  mistral: modules(['k_proj', 'v_proj'], ['down_proj']),
  mixtral: modules(['k_proj', 'v_proj'], ['w2']),
  bert: modules(['key', 'value'], ['output.dense']),
  'deberta-v2': modules(['key_proj', 'value_proj'], ['output.dense']),
  deberta: modules(['in_proj'], ['output.dense']),
  RefinedWebModel: modules(['query_key_value'], ['dense_4h_to_h']),
  RefinedWeb: modules(['query_key_value'], ['dense_4h_to_h']),
  falcon: modules(['query_key_value'], ['dense_4h_to_h']),
  phi: modules(['q_proj', 'v_proj'], ['fc2']),
  gemma: modules(['q_proj', 'v_proj'], ['down_proj']),
  gemma2: modules(['q_proj', 'v_proj'], ['down_proj']),
  gemma3_text: modules(['q_proj', 'v_proj'], ['down_proj']),
  qwen2: modules(['q_proj', 'v_proj'], ['down_proj']),
  qwen3: modules(['q_proj', 'v_proj'], ['down_proj']),
};
