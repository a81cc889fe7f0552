import { COMMON_FIELDS, checkCommonValues, flag, refused, TARGET_FIELDS } from '../../config/adapter_fields';
import type { ConfigRules } from '../../config/config_rules';
import type { IA3Fields } from './ia3_config_init';

const { target_modules, exclude_modules, fan_in_fan_out, modules_to_save } = TARGET_FIELDS;
const NO_RANK = '(IA)³ has no rank: it trains one number for each output of a module, or for each input.';

/** The rules of PEFT's `IA3Config`: its fields, their defaults, and the values that it rejects. */
export const IA3_RULES: ConfigRules<IA3Fields> = {
  name: 'IA3Config',
  peft_type: 'IA3',
  method: '(IA)³',
  fields: {
    target_modules,
    exclude_modules,
    feedforward_modules: target_modules,
    fan_in_fan_out,
    modules_to_save,
    init_ia3_weights: flag(true),
    ...COMMON_FIELDS,
  },
  floats: [],
  names: {
    aliases: { init_ia3_weights: 'initweights initialweights' },
    notNeeded: {
      r: NO_RANK,
      rank: NO_RANK,
      alpha: NO_RANK,
      loraalpha: NO_RANK,
      peftversion: 'IA3Config.from_json(json) takes the content of a file and ignores its peft_version.',
    },
  },
  check(config) {
    const { target_modules: targets, feedforward_modules: names } = config;
    if (isPart(names, targets)) checkCommonValues(config, 'none');
    else throw notAPart('Name the modules of feedforward_modules in target_modules, too.');
  },
  warnings: () => [],
};

/** Whether PEFT accepts the feed-forward modules `names`: if `names` and `targets` are lists, `names` must be a subset of `targets`. */
function isPart(names: IA3Fields['feedforward_modules'], targets: IA3Fields['target_modules']): boolean {
  if (!Array.isArray(names) || !Array.isArray(targets)) return true;
  const all = new Set(targets);
  return names.every((name) => all.has(name));
}

/** Returns PEFT's error for feed-forward modules that aren't among the targets. */
export function notAPart(hint: string): Error {
  return refused('`feedforward_modules` should be a subset of `target_modules`', hint);
}
