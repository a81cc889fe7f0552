import type { TaskType } from '../../config/adapter_config';

/**
 * The fields of PEFT's `LoraConfig` that webvera implements, with PEFT's names, defaults and meanings. A field whose default is null
 * accepts null.
 */
export interface LoraConfigInit {
  /** Rank of the update: rows of lora_A, columns of lora_B. Default 8. */
  readonly r?: number;
  /**
   * The modules to wrap: a list of module names or of their last parts, a Python regular expression for the full name, or 'all-linear'. If
   * some entries of a list match no module, a warning (`unmatched_target`) names them. Default null: PEFT's targets for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Modules that are never wrapped: names, ends of names, or a Python regular expression for the full name. Default null: none. */
  readonly exclude_modules?: readonly string[] | string | null;
  /** The update is scaled by lora_alpha / r. Default 8. */
  readonly lora_alpha?: number;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly lora_dropout?: number;
  /** Whether weights are stored as (in, out), as in Conv1D. Corrected once the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'lora_only';
  /** Whether the update is scaled by lora_alpha / √r instead of lora_alpha / r. Default false. */
  readonly use_rslora?: boolean;
  /** Modules whose own weights train, and are saved with the adapter. Default null: none. */
  readonly modules_to_save?: readonly string[] | null;
  /**
   * With true, lora_A is drawn uniformly; with 'gaussian', normally; lora_B is zero. With false, lora_B is drawn, too, so that the update
   * isn't zero. Default true.
   */
  readonly init_lora_weights?: boolean | 'gaussian';
  /** Indices of the layers to wrap. Applies only to entries of `target_modules` that are ends of names. Default null: all layers. */
  readonly layers_to_transform?: readonly number[] | number | null;
  /** Name of the model's list of layers that `layers_to_transform` indexes, such as 'layers' or 'h'. Default null: any list. */
  readonly layers_pattern?: string | readonly string[] | null;
  /**
   * Ranks of the modules whose rank isn't `r`. Keys are module names, ends of names, or Python regular expressions for them. Default {}.
   */
  readonly rank_pattern?: Readonly<Record<string, number>>;
  /** Values for the modules whose alpha isn't `lora_alpha`, with keys as in `rank_pattern`. Default {}. */
  readonly alpha_pattern?: Readonly<Record<string, number>>;
  /** Whether lora_B has a trained bias. Default false. */
  readonly lora_bias?: boolean;
  /**
   * DoRA: whether the norm of each row of W + ΔW trains by itself, as `lora_magnitude_vector`. This adds one trained value per output, and
   * each pass of the model reads each wrapped weight once more, so merge the adapter before generation. Not with `lora_bias`. Default
   * false.
   */
  readonly use_dora?: boolean;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Files always contain true. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'LORA'. Null, PEFT's default, counts as missing. */
  readonly peft_type?: 'LORA' | null;
}

/** All fields of a configuration: those of `LoraConfigInit`, each with a value. */
export type LoraFields = Readonly<Required<Omit<LoraConfigInit, 'peft_type'>>> & { readonly peft_type: 'LORA' };
