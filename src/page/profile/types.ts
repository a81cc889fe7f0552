import type { TrainingArguments } from '../../core/types/training';
import type { AnyAdapterConfigInit } from '../adapters/kinds';
import { anyBoolean, anyObject, integer, wrong } from '../session/options';
import { type CallOptions, callRules } from '../session/session';

/** How a profile begins, and goes on. A `session` may only be that of the base model. */
export interface ProfileOptions extends CallOptions {
  /**
   * Of a new profile: PEFT's defaults, but target_modules 'all-linear', save_projection false and, over a classifier,
   * what makes PEFT train its head: task_type 'SEQ_CLS' for texts, modules_to_save ['classifier'] for images. It trains
   * vectors, and a classifier's head: no `bias`, no other `modules_to_save`. For a profile that is there it has to be what it
   * began with.
   */
  readonly peft_config?: AnyAdapterConfigInit;
  /**
   * Defaults of `learn`, kept with the profile. It judges its runs itself, so `eval_strategy`, `early_stopping_patience` and
   * `load_best_model_at_end` are refused.
   */
  readonly args?: TrainingArguments;
  /** 1000. Of more, a fair sample stays. */
  readonly max_examples?: number;
  /** true. With false they are in this page's memory only, and a `learn` that is cut off can't go on. */
  readonly keep_examples?: boolean;
}

/** One `learn()` that came to its end. */
export interface LearnRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How many it learnt from. */
  readonly examples: number;
  /** How many were kept aside to judge by; 0 while there are too few, and then those that it learnt from are the measure. */
  readonly held_out: number;
  readonly steps: number;
  /** Mean loss over the labelled tokens of those held out. */
  readonly loss_before: number;
  readonly loss_after: number;
  /** Whether the new vectors took the place of those before. */
  readonly taken: boolean;
}

/** What is known of a profile without opening it. */
export interface ProfileInfo {
  readonly id: string;
  /** Kept now. */
  readonly examples: number;
  /** Added ever. */
  readonly seen: number;
  /** Of its vectors and examples, as they are stored. */
  readonly bytes: number;
  /** Milliseconds since 1970, as are all times. */
  readonly created_at: number;
  /** When it was last opened or changed. */
  readonly used_at: number;
  readonly base_model: string | null;
  /** The last hundred, oldest first. */
  readonly history: readonly LearnRecord[];
  readonly can_roll_back: boolean;
}

export interface LearnOptions {
  /** On top of the profile's own. */
  readonly args?: TrainingArguments;
  /**
   * 'now'. 'idle': steps are taken while the page is visible and its visitor has let it be for two seconds; otherwise the
   * run is paused, with the reason 'hidden' or 'busy'.
   */
  readonly when?: 'now' | 'idle';
  /** Aborted, everything stays as it was before `learn`. */
  readonly signal?: AbortSignal | undefined;
}

/** The largest `max_examples`. */
export const MAX_EXAMPLES = 100_000;

export const profileRules = {
  ...callRules,
  peft_config: anyObject,
  args: anyObject,
  max_examples: integer(1, MAX_EXAMPLES),
  keep_examples: anyBoolean,
};

const LONGEST_ID = 200;

export function checkId(id: string): string {
  const isId = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && isWellFormed(id);
  if (isId) return id;
  throw wrong(
    'profile: id',
    `a string of 1 to ${LONGEST_ID} characters`,
    id,
    "For one profile a page, take 'default'.",
  );
}

/** Half a surrogate pair has no bytes of its own. */
function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
