export type TaskType = 'SEQ_CLS' | 'SEQ_2_SEQ_LM' | 'CAUSAL_LM' | 'TOKEN_CLS' | 'QUESTION_ANS' | 'FEATURE_EXTRACTION';

/** The fields that PEFT's configurations of all kinds have, with PEFT's meanings. */
export interface AdapterConfig {
  /** The kind: 'VERA'. */
  readonly peft_type: string;
  /** The rank of an update. */
  readonly r: number;
  readonly target_modules: readonly string[] | string | null;
  readonly layers_to_transform: readonly number[] | number | null;
  readonly layers_pattern: string | readonly string[] | null;
  readonly modules_to_save: readonly string[] | null;
  /** 'none', 'all', or a name ending in '_only'. */
  readonly bias: string;
  readonly fan_in_fan_out: boolean;
  readonly task_type: TaskType | null;
  readonly inference_mode: boolean;
}

/** Which biases train. As in PEFT, any name ending in '_only' means those of wrapped modules. */
export function trainedBiases({ bias }: Pick<AdapterConfig, 'bias'>): 'none' | 'all' | 'wrapped' {
  return bias === 'none' || bias === 'all' ? bias : 'wrapped';
}
