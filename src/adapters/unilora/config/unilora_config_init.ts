import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `UniLoraConfig`, with its names, defaults and meanings. A field whose default is null accepts null. */
export interface UniLoraConfigInit {
  /** Rank of the update of each module. Default 4. */
  readonly r?: number;
  /** Seeds the order in which the numbers of the vector are spread over the matrices: an integer from 0 to 2^53 − 1. Default 42. */
  readonly proj_seed?: number;
  /** Length of the one vector that trains. Its file has 4 bytes for each number, or 2. Default 256. */
  readonly theta_d_length?: number;
  /**
   * The modules to wrap. A list holds names or ends of names, and a warning (`unmatched_target`) names those that match no module while
   * others do; a string is a Python regular expression for the whole name, or 'all-linear'. Default null: PEFT's choice for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly unilora_dropout?: number;
  /** Whether weights are stored (in, out), as Conv1D does. Corrected when the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'unilora_only';
  /** Modules that are trained and saved whole. Default null. */
  readonly modules_to_save?: readonly string[] | null;
  /** The vector's first values are drawn uniformly from −bound to bound. Default 0.02. */
  readonly init_theta_d_bound?: number;
  /** False draws the first values from a normal distribution instead; for tests. Default true. */
  readonly init_weights?: boolean;
  /** Only false is accepted: files hold no indices, because `proj_seed` gives them. Default false. */
  readonly save_indices?: false;
  /** Indices of the layers to wrap, for ends of names in `target_modules` only. Default null: all. */
  readonly layers_to_transform?: readonly number[] | number | null;
  /** Name of the list that those indices count in, such as 'layers' or 'h'. Default null: any. */
  readonly layers_pattern?: string | readonly string[] | null;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Saved as true, always. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'UNILORA'. Null, which is PEFT's default, counts as left out. */
  readonly peft_type?: 'UNILORA' | null;
}

/** All fields of a configuration: those of `UniLoraConfigInit`, each with a value. */
export type UniLoraFields = Readonly<Required<Omit<UniLoraConfigInit, 'peft_type'>>> & {
  readonly peft_type: 'UNILORA';
};
