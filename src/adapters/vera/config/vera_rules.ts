import {
  COMMON_FIELDS,
  checkCommonValues,
  checkDropout,
  checkLayersPattern,
  checkRanks,
  flag,
  float32,
  number,
  refused,
  safeInteger,
  TARGET_FIELDS,
} from '../../config/adapter_fields';
import type { ConfigRules } from '../../config/config_rules';
import { LARGEST_VALUE } from '../../config/largest_value';
import type { VeraFields } from './vera_config_init';

const { target_modules, fan_in_fan_out, bias, modules_to_save, layers_to_transform, layers_pattern } = TARGET_FIELDS;
const NO_ALPHA = 'VeRA has no alpha: it trains λ_d, which begins at d_initial.';

/** The rules of PEFT's `VeraConfig`: its fields, their defaults, and the values that it rejects. */
export const VERA_RULES: ConfigRules<VeraFields> = {
  name: 'VeraConfig',
  peft_type: 'VERA',
  method: 'VeRA',
  fields: {
    r: number(256),
    target_modules,
    projection_prng_key: safeInteger(0),
    save_projection: flag(true),
    vera_dropout: number(0),
    d_initial: float32(0.1),
    fan_in_fan_out,
    bias,
    modules_to_save,
    init_weights: flag(true),
    use_dora: flag(false),
    layers_to_transform,
    layers_pattern,
    ...COMMON_FIELDS,
  },
  floats: ['d_initial', 'vera_dropout'],
  names: {
    aliases: { vera_dropout: 'dropout loradropout' },
    notNeeded: {
      alpha: NO_ALPHA,
      loraalpha: NO_ALPHA,
      peftversion: 'VeraConfig.from_json(json) takes the content of a file and ignores its peft_version.',
    },
  },
  check(config) {
    const { r, vera_dropout, d_initial } = config;
    checkRanks([r], 'r is the length of λ_d; the paper uses 256 and 1024.');
    checkDropout('vera_dropout', vera_dropout);
    if (Math.abs(d_initial) > LARGEST_VALUE) {
      throw refused(
        `d_initial: expected a number from -${LARGEST_VALUE} to ${LARGEST_VALUE}, got ${d_initial}`,
        'λ_d begins with it. Adapters with larger values are taken for damaged when they are loaded.',
      );
    }
    checkCommonValues(config, 'vera_only');
    checkLayersPattern(config);
  },
  warnings: ({ save_projection }) =>
    save_projection ? [] : [{ code: 'projection_not_saved', message: PROJECTION_NOT_SAVED }],
};

const PROJECTION_NOT_SAVED =
  'Specified to not save vera_A and vera_B within the state dictionary, instead they will be restored using the PRNG ' +
  'key store in `config.projection_prng_key`. Consider setting `config.save_projection` to `True` to guarantee ' +
  'restoring the checkpoint correctly on all system configurations.';
