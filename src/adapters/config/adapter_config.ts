export type TaskType = 'SEQ_CLS' | 'SEQ_2_SEQ_LM' | 'CAUSAL_LM' | 'TOKEN_CLS' | 'QUESTION_ANS' | 'FEATURE_EXTRACTION';

/** The fields that PEFT's configurations have in common, with PEFT's meanings. An adapter kind may lack those that are optional. */
export interface AdapterFields {
  /** PEFT's name of the adapter kind. */
  readonly peft_type: string;
  readonly target_modules: readonly string[] | string | null;
  readonly exclude_modules?: readonly string[] | string | null;
  readonly layers_to_transform?: readonly number[] | number | null;
  readonly layers_pattern?: string | readonly string[] | null;
  readonly modules_to_save: readonly string[] | null;
  /** 'none', 'all', or a name ending in '_only'. */
  readonly bias?: string;
  readonly fan_in_fan_out: boolean;
  readonly task_type: TaskType | null;
  readonly inference_mode: boolean;
  readonly base_model_name_or_path: string | null;
  readonly revision: string | null;
  readonly auto_mapping: Readonly<Record<string, unknown>> | null;
}

export interface AdapterConfig extends AdapterFields {
  /** The content of `adapter_config.json` as PEFT saves it. */
  to_json(): Readonly<Record<string, unknown>>;
}

/** A configuration's fields without its methods, as messages between page and worker contain them. */
export type AdapterConfigFields = Readonly<Record<string, unknown>> & { readonly peft_type: string };

/** Returns which biases train. As in PEFT, any name that ends in '_only' means the biases of wrapped modules. */
export function trainedBiases({ bias = 'none' }: Pick<AdapterFields, 'bias'>): 'none' | 'all' | 'wrapped' {
  return bias === 'none' || bias === 'all' ? bias : 'wrapped';
}
