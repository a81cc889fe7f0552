import {
  COMMON_FIELDS,
  checkCommonValues,
  checkDropout,
  checkLayersPattern,
  checkRanks,
  type Field,
  flag,
  isObject,
  number,
  refused,
  show,
  TARGET_FIELDS,
} from '../../config/adapter_fields';
import type { ConfigRules } from '../../config/config_rules';
import type { LoraFields } from './lora_config_init';
import { UNBUILT } from './unbuilt';

const numbers: Field = {
  fallback: {},
  expected: 'an object of numbers',
  accepts: (value) => isObject(value) && Object.values(value).every((one) => typeof one === 'number'),
};

/** PEFT's values of `init_lora_weights` that webvera doesn't support. */
const OTHER_WAYS = /^(eva|olora|pissa(_niter_\d+)?|corda|loftq|orthogonal|mica|lora_ga)$/i;

/** The rules of PEFT's `LoraConfig`: its fields, their defaults, and the values that it rejects. */
export const LORA_RULES: ConfigRules<LoraFields> = {
  name: 'LoraConfig',
  peft_type: 'LORA',
  method: 'LoRA',
  fields: {
    r: number(8),
    target_modules: TARGET_FIELDS.target_modules,
    exclude_modules: TARGET_FIELDS.exclude_modules,
    lora_alpha: number(8),
    lora_dropout: number(0),
    fan_in_fan_out: TARGET_FIELDS.fan_in_fan_out,
    bias: TARGET_FIELDS.bias,
    use_rslora: flag(false),
    modules_to_save: TARGET_FIELDS.modules_to_save,
    init_lora_weights: {
      fallback: true,
      expected: "true, false or 'gaussian'",
      accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
    },
    layers_to_transform: TARGET_FIELDS.layers_to_transform,
    layers_pattern: TARGET_FIELDS.layers_pattern,
    rank_pattern: numbers,
    alpha_pattern: numbers,
    lora_bias: flag(false),
    use_dora: flag(false),
    ...UNBUILT,
    ...COMMON_FIELDS,
  },
  floats: ['lora_dropout'],
  ordered: ['rank_pattern', 'alpha_pattern'],
  names: {
    aliases: { lora_alpha: 'alpha', lora_dropout: 'dropout veradropout', r: 'rank' },
    notNeeded: {
      peftversion: 'LoraConfig.from_json(json) takes the content of a file and ignores its peft_version.',
      runtimeconfig: 'A runtime_config belongs to PEFT alone.',
    },
  },
  check(config) {
    checkSizes(config);
    checkTargets(config);
    checkCommonValues(config, 'lora_only');
    checkLayersPattern(config);
    checkInit(config);
  },
  warnings: () => [],
};

function checkSizes({ r, rank_pattern, lora_alpha, alpha_pattern, lora_dropout }: LoraFields): void {
  checkRanks([r, ...Object.values(rank_pattern)], 'r is the rank of the update; 8 and 16 are usual.');
  const alpha = [lora_alpha, ...Object.values(alpha_pattern)].find((value) => !Number.isFinite(Math.fround(value)));
  if (alpha !== undefined) {
    throw refused(
      `lora_alpha: expected finite numbers, got ${alpha}`,
      'The update is scaled by lora_alpha / r: equal values leave it as it is.',
    );
  }
  checkDropout('lora_dropout', lora_dropout);
}

function checkTargets({ target_modules, layers_to_transform, layers_pattern }: LoraFields): void {
  if (typeof target_modules !== 'string') return;
  const hint = 'Layers are chosen by ends of names alone: give a list, or name the layers in the expression.';
  for (const [name, value] of Object.entries({ layers_to_transform, layers_pattern })) {
    if (value !== null) throw refused(`\`${name}\` cannot be used when \`target_modules\` is a str.`, hint);
  }
}

function checkInit({ init_lora_weights, lora_bias, use_dora }: LoraFields): void {
  if (lora_bias && use_dora && typeof init_lora_weights === 'boolean') {
    throw refused(
      'The argument lora_bias=True is not supported for DoRA, please pass use_dora=False',
      'A bias of lora_B has no place in a weight that is scaled row by row. Leave one of the two out.',
    );
  }
  if (typeof init_lora_weights === 'boolean') return;
  const name: string = init_lora_weights;
  if (lora_bias) {
    throw refused(
      'The argument lora_bias=True is only supported with init_lora_weights=True or False, got ' +
        `init_lora_weights=${name} instead.`,
      'Leave init_lora_weights out.',
    );
  }
  if (name.toLowerCase() === 'gaussian') return;
  if (OTHER_WAYS.test(name)) {
    throw refused(
      `init_lora_weights: expected true, false or 'gaussian', got ${show(name)}`,
      'webvera has no other way to begin. Some change the base model, so that their files fit no other.',
    );
  }
  throw refused(`Unknown initialization init_lora_weights='${name}'`, "It is true, false or 'gaussian'.");
}
