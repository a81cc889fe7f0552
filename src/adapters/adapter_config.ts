export type TaskType = 'SEQ_CLS' | 'SEQ_2_SEQ_LM' | 'CAUSAL_LM' | 'TOKEN_CLS' | 'QUESTION_ANS' | 'FEATURE_EXTRACTION';

/** The fields that PEFT's configurations of all kinds of adapters have, with its meanings. */
export interface AdapterConfig {
  /** The kind: 'VERA'. */
  readonly peft_type: string;
  /** The rank of an update. */
  readonly r: number;
  readonly target_modules: readonly string[] | string | null;
  readonly layers_to_transform: readonly number[] | number | null;
  readonly layers_pattern: string | readonly string[] | null;
  readonly modules_to_save: readonly string[] | null;
  /** 'none', 'all', or a word that ends with '_only'. */
  readonly bias: string;
  readonly fan_in_fan_out: boolean;
  readonly task_type: TaskType | null;
  readonly inference_mode: boolean;
}

/** The biases that train. PEFT takes any `*_only` for those of wrapped modules; files may hold other words for it. */
export function trainedBiases({ bias }: Pick<AdapterConfig, 'bias'>): 'none' | 'all' | 'wrapped' {
  return bias === 'none' || bias === 'all' ? bias : 'wrapped';
}
