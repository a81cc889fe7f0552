import {
  COMMON_FIELDS,
  checkCommonValues,
  type Field,
  flag,
  number,
  refused,
  safeInteger,
  TARGET_FIELDS,
} from '../../config/adapter_fields';
import type { ConfigRules } from '../../config/config_rules';
import { LARGEST_VALUE } from '../../config/largest_value';
import type { UniLoraFields } from './unilora_config_init';

const { target_modules, fan_in_fan_out, bias, modules_to_save, layers_to_transform, layers_pattern } = TARGET_FIELDS;
const NO_SCALE = 'UniLoRA has no scale: the vector trains at a higher rate instead.';

const neverSaved: Field = {
  fallback: false,
  expected: 'false, as proj_seed gives the indices again',
  accepts: (value) => value === false,
};

/** The rules of PEFT's `UniLoraConfig`: its fields, their defaults, and the values that it rejects. */
export const UNILORA_RULES: ConfigRules<UniLoraFields> = {
  name: 'UniLoraConfig',
  peft_type: 'UNILORA',
  method: 'UniLoRA',
  fields: {
    r: number(4),
    proj_seed: safeInteger(42),
    theta_d_length: number(256),
    target_modules,
    unilora_dropout: number(0),
    fan_in_fan_out,
    bias,
    modules_to_save,
    init_theta_d_bound: number(0.02),
    init_weights: flag(true),
    save_indices: neverSaved,
    layers_to_transform,
    layers_pattern,
    ...COMMON_FIELDS,
  },
  floats: ['unilora_dropout', 'init_theta_d_bound'],
  names: {
    aliases: {
      r: 'rank',
      theta_d_length: 'thetalength length vectorlength',
      unilora_dropout: 'dropout loradropout',
      proj_seed: 'seed projseed projectionprngkey',
    },
    notNeeded: {
      alpha: NO_SCALE,
      loraalpha: NO_SCALE,
      peftversion: 'UniLoraConfig.from_json(json) takes the content of a file and ignores its peft_version.',
    },
  },
  check(config) {
    checkSizes(config);
    checkTargets(config);
    checkCommonValues(config, 'unilora_only');
  },
  warnings: () => [],
};

function checkSizes({ r, theta_d_length, unilora_dropout, bias, init_theta_d_bound, proj_seed }: UniLoraFields): void {
  for (const [name, value] of Object.entries({ r, theta_d_length })) {
    if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) continue;
    throw refused(`\`${name}\` should be a positive integer, got ${value}.`, 'r: 4 and theta_d_length: 256 are usual.');
  }
  if (!(unilora_dropout >= 0 && unilora_dropout <= 1)) {
    const hint = 'unilora_dropout is the share of inputs to drop: 0 drops none.';
    throw refused(`\`unilora_dropout\` should be between 0.0 and 1.0, got ${unilora_dropout}.`, hint);
  }
  if (!(init_theta_d_bound > 0 && Number.isFinite(Math.fround(init_theta_d_bound)))) {
    const hint = 'The first values are drawn from −bound to bound; 0.02 is usual.';
    throw refused(`\`init_theta_d_bound\` should be a positive float, got ${init_theta_d_bound}.`, hint);
  }
  if (init_theta_d_bound > LARGEST_VALUE) {
    const message = `init_theta_d_bound: expected a number up to ${LARGEST_VALUE}, got ${init_theta_d_bound}`;
    throw refused(message, 'An adapter with larger values could not be loaded again.');
  }
  if (bias !== 'none' && bias !== 'all' && bias !== 'unilora_only') {
    const message = `\`bias\` should be 'none', 'all', or 'unilora_only', got ${String(bias)}.`;
    throw refused(message, 'none trains no biases, unilora_only those of wrapped modules.');
  }
  if (proj_seed < 0)
    throw refused('expected non-negative integer', `proj_seed seeds numpy's generator, got ${proj_seed}.`);
}

function checkTargets({ target_modules, layers_to_transform, layers_pattern }: UniLoraFields): void {
  if (typeof target_modules !== 'string') return;
  const hint = 'Layers are chosen by ends of names alone: give a list, or name the layers in the expression.';
  for (const [name, value] of Object.entries({ layers_to_transform, layers_pattern })) {
    if (value !== null) throw refused(`\`${name}\` cannot be used when \`target_modules\` is a str.`, hint);
  }
}
