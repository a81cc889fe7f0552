import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `LoraConfig` that are built, with its names, defaults and meanings. A field whose default is null accepts null. */
export interface LoraConfigInit {
  /** Rank of the update: rows of lora_A, columns of lora_B. Default 8. */
  readonly r?: number;
  /**
   * The modules to wrap. A list holds names or ends of names, and a warning (`unmatched_target`) names those that match no module while
   * others do; a string is a Python regular expression for the whole name, or 'all-linear'. Default null: PEFT's choice for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Modules that are never wrapped: names or ends of names, or a Python regular expression for the whole name. Default null. */
  readonly exclude_modules?: readonly string[] | string | null;
  /** The update is scaled by lora_alpha / r. Default 8. */
  readonly lora_alpha?: number;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly lora_dropout?: number;
  /** Whether weights are stored (in, out), as Conv1D does. Corrected when the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'lora_only';
  /** Whether the update is scaled by lora_alpha / √r. Default false. */
  readonly use_rslora?: boolean;
  /** Modules that are trained and saved whole. Default null. */
  readonly modules_to_save?: readonly string[] | null;
  /** Draws lora_A uniformly (true) or normally ('gaussian'), with lora_B zero; false draws both, so that the update isn't zero. Default true. */
  readonly init_lora_weights?: boolean | 'gaussian';
  /** Indices of the layers to wrap, for ends of names in `target_modules` only. Default null: all. */
  readonly layers_to_transform?: readonly number[] | number | null;
  /** Name of the list that those indices count in, such as 'layers' or 'h'. Default null: any. */
  readonly layers_pattern?: string | readonly string[] | null;
  /** Ranks other than `r`, by names, ends of names or Python regular expressions for them. Default {}. */
  readonly rank_pattern?: Readonly<Record<string, number>>;
  /** Values other than `lora_alpha`, by names in the forms of `rank_pattern`. Default {}. */
  readonly alpha_pattern?: Readonly<Record<string, number>>;
  /** Whether lora_B has a bias that trains. Default false. */
  readonly lora_bias?: boolean;
  /**
   * DoRA: whether the length of each row of W + ΔW trains by itself, as `lora_magnitude_vector`. It adds one number per output, and every
   * pass of the model reads each wrapped weight once more, so merge the adapter for generation. Not with `lora_bias`. Default false.
   */
  readonly use_dora?: boolean;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Saved as true, always. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'LORA'. Null, which is PEFT's default, counts as left out. */
  readonly peft_type?: 'LORA' | null;
}

/** All fields of a configuration: those of `LoraConfigInit`, each with a value. */
export type LoraFields = Readonly<Required<Omit<LoraConfigInit, 'peft_type'>>> & { readonly peft_type: 'LORA' };
