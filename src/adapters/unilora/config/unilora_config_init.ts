import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `UniLoraConfig`, with its names, defaults and meanings. A field whose default is null accepts null. */
export interface UniLoraConfigInit {
  /** Rank of the update in each module. Default 4. */
  readonly r?: number;
  /** Seed for the random assignment of the vector's values to the entries of the matrices: an integer from 0 to 2^53 − 1. Default 42. */
  readonly proj_seed?: number;
  /** Length of the trained vector. Each of its values takes 4 or 2 bytes in the adapter's file. Default 256. */
  readonly theta_d_length?: number;
  /**
   * The modules to wrap: a list of module names or of their last parts, a Python regular expression for the full name, or 'all-linear'. If
   * some entries of a list match no module, a warning (`unmatched_target`) names them. Default null: PEFT's targets for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly unilora_dropout?: number;
  /** Whether weights are stored as (in, out), as in Conv1D. Corrected once the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'unilora_only';
  /** Modules whose own weights train, and are saved with the adapter. Default null: none. */
  readonly modules_to_save?: readonly string[] | null;
  /** The initial values of the vector are drawn uniformly from −init_theta_d_bound to init_theta_d_bound. Default 0.02. */
  readonly init_theta_d_bound?: number;
  /** If false, the initial values are drawn from a normal distribution instead, for tests. Default true. */
  readonly init_weights?: boolean;
  /** Only false is accepted: files contain no indices, because `proj_seed` determines them. Default false. */
  readonly save_indices?: false;
  /** Indices of the layers to wrap. Applies only to entries of `target_modules` that are ends of names. Default null: all layers. */
  readonly layers_to_transform?: readonly number[] | number | null;
  /** Name of the model's list of layers that `layers_to_transform` indexes, such as 'layers' or 'h'. Default null: any list. */
  readonly layers_pattern?: string | readonly string[] | null;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Files always contain true. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'UNILORA'. Null, PEFT's default, counts as missing. */
  readonly peft_type?: 'UNILORA' | null;
}

/** All fields of a configuration: those of `UniLoraConfigInit`, each with a value. */
export type UniLoraFields = Readonly<Required<Omit<UniLoraConfigInit, 'peft_type'>>> & {
  readonly peft_type: 'UNILORA';
};
