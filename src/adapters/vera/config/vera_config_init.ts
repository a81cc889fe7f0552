import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `VeraConfig`, with its names, defaults and meanings, and `use_dora`. A field whose default is null accepts null. */
export interface VeraConfigInit {
  /** Length of λ_d: the rank of the update. Default 256. */
  readonly r?: number;
  /**
   * The modules to wrap: a list of module names or of their last parts, a Python regular expression for the full name, or 'all-linear'. If
   * some entries of a list match no module, a warning (`unmatched_target`) names them. Default null: PEFT's targets for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Seed of the shared A and B: a safe integer; only its low 32 bits matter. Default 0. */
  readonly projection_prng_key?: number;
  /** Whether the adapter's file contains A and B. Default true. */
  readonly save_projection?: boolean;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly vera_dropout?: number;
  /** The initial value of each element of λ_d. Default 0.1. */
  readonly d_initial?: number;
  /** Whether weights are stored as (in, out), as in Conv1D. Corrected once the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'vera_only';
  /** Modules whose own weights train, and are saved with the adapter. Default null: none. */
  readonly modules_to_save?: readonly string[] | null;
  /** If true, the adapter starts without any change. If false, it starts with a random λ_d, for tests. Default true. */
  readonly init_weights?: boolean;
  /**
   * A field that PEFT doesn't have. It selects DVoRA, in which the norm of each row of W + ΔW trains by itself, which adds one trained
   * value per output. PEFT ignores the field in a file and computes W + ΔW; `save_as_lora` writes a LoRA with DoRA that computes the same
   * in PEFT. Each pass of the model also reads each wrapped weight once more, so merge the adapter before generation. Default false.
   */
  readonly use_dora?: boolean;
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
  /** Always 'VERA'. Null, PEFT's default, counts as missing. */
  readonly peft_type?: 'VERA' | null;
}

/** All fields of a configuration: those of `VeraConfigInit`, each with a value. */
export type VeraFields = Readonly<Required<Omit<VeraConfigInit, 'peft_type'>>> & { readonly peft_type: 'VERA' };
