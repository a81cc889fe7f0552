import type { TaskType } from '../../config/adapter_config';

/** The fields of PEFT's `IA3Config`, with its names, defaults and meanings. A field whose default is null accepts null. */
export interface IA3ConfigInit {
  /**
   * The modules to wrap: a list of module names or of their last parts, a Python regular expression for the full name, or 'all-linear'. If
   * some entries of a list match no module, a warning (`unmatched_target`) names them. Default null: PEFT's targets for the model type.
   */
  readonly target_modules?: readonly string[] | string | null;
  /** Modules that aren't wrapped even if `target_modules` matches them: a list or a regular expression. Default null: none. */
  readonly exclude_modules?: readonly string[] | string | null;
  /**
   * The wrapped modules whose inputs are scaled; all others have their outputs scaled. A list holds ends of module names and must be a
   * subset of the list `target_modules`; a string is a Python regular expression for the full name. Default null: PEFT's choice for the
   * model type.
   */
  readonly feedforward_modules?: readonly string[] | string | null;
  /** Whether weights are stored as (in, out), as in Conv1D. Corrected once the modules are known. Default false. */
  readonly fan_in_fan_out?: boolean;
  /** Modules whose own weights train, and are saved with the adapter. Default null: none. */
  readonly modules_to_save?: readonly string[] | null;
  /**
   * If true, the vectors start as ones, so that the adapter changes nothing. If false, they start as random numbers, for tests. Default
   * true.
   */
  readonly init_ia3_weights?: boolean;
  readonly task_type?: TaskType | null;
  readonly base_model_name_or_path?: string | null;
  readonly revision?: string | null;
  /** True for an adapter that doesn't train. Files always contain true. Default false. */
  readonly inference_mode?: boolean;
  readonly auto_mapping?: Readonly<Record<string, unknown>> | null;
  /** Always 'IA3'. Null, PEFT's default, counts as missing. */
  readonly peft_type?: 'IA3' | null;
}

/** All fields of a configuration: those of `IA3ConfigInit`, each with a value. */
export type IA3Fields = Readonly<Required<Omit<IA3ConfigInit, 'peft_type'>>> & { readonly peft_type: 'IA3' };
