import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `IA3Config`, with its names, defaults and meanings. A field whose default is null accepts null. */
export interface IA3ConfigInit {
  /**
   * The modules to wrap. A list holds names or ends of names, and a warning (`unmatched_target`) names those that match no module while
   * others do; a string is a Python regular expression for the whole name, or 'all-linear'. Default null: PEFT's choice for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Modules that aren't wrapped although `target_modules` matches them, in the same forms. Default null: none. */
  readonly exclude_modules?: readonly string[] | string | null;
  /**
   * The wrapped modules whose inputs are scaled; all others scale their outputs. A list holds ends of names, and is part of the list
   * `target_modules`; a string is a Python regular expression for the whole name. Default null: PEFT's choice for the model type.
   */
  readonly feedforward_modules?: readonly string[] | string | null;
  /** Whether weights are stored (in, out), as Conv1D does. Corrected when the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** Modules that are trained and saved whole. Default null. */
  readonly modules_to_save?: readonly string[] | null;
  /** False starts from random vectors instead of from no change; for tests. Default true. */
  readonly init_ia3_weights?: boolean;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Saved as true, always. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'IA3'. Null, which is PEFT's default, counts as left out. */
  readonly peft_type?: 'IA3' | null;
}

/** All fields of a configuration: those of `IA3ConfigInit`, each with a value. */
export type IA3Fields = Readonly<Required<Omit<IA3ConfigInit, 'peft_type'>>> & { readonly peft_type: 'IA3' };
