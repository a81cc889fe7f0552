import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `VeraConfig`, with its names, defaults and meanings, and `use_dora`. A field whose default is null accepts null. */
export interface VeraConfigInit {
  /** Length of λ_d: the rank of the update. Default 256. */
  readonly r?: number;
  /**
   * The modules to wrap. A list holds names or ends of names, and a warning (`unmatched_target`) names those that match no module while
   * others do; a string is a Python regular expression for the whole name, or 'all-linear'. Default null: PEFT's choice for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Seed of the shared A and B: a safe integer, of which the low 32 bits count. Default 0. */
  readonly projection_prng_key?: number;
  /** Whether A and B go into the adapter's file. Default true. */
  readonly save_projection?: boolean;
  /** Probability in [0, 1] that an input element of the adapter's branch is dropped while training. Default 0. */
  readonly vera_dropout?: number;
  /** First value of every element of λ_d. Default 0.1. */
  readonly d_initial?: number;
  /** Whether weights are stored (in, out), as Conv1D does. Corrected when the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** The biases of the base model that train: none, all, or those of wrapped modules. Default 'none'. */
  readonly bias?: 'none' | 'all' | 'vera_only';
  /** Modules that are trained and saved whole. Default null. */
  readonly modules_to_save?: readonly string[] | null;
  /** False starts from random λ instead of from no change; for tests. Default true. */
  readonly init_weights?: boolean;
  /**
   * A field of webvera's own, not PEFT's: DVoRA, in which the length of each row of W + ΔW trains by itself, one number more per output.
   * PEFT ignores it in a file and computes W + ΔW; `save_as_lora` writes a LoRA with DoRA that computes the same in PEFT. Every pass of the
   * model also reads each wrapped weight once more, so merge the adapter for generation. Default false.
   */
  readonly use_dora?: boolean;
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
  /** Always 'VERA'. Null, which is PEFT's default, counts as left out. */
  readonly peft_type?: 'VERA' | null;
}

/** All fields of a configuration: those of `VeraConfigInit`, each with a value. */
export type VeraFields = Readonly<Required<Omit<VeraConfigInit, 'peft_type'>>> & { readonly peft_type: 'VERA' };
