import type { Warn } from '../../../core/errors/warning';
import { isObject } from '../../config/adapter_fields';

/** Initialisations with which PEFT changes only A and B, not the base model. They have no effect on a saved adapter: it has A and B. */
const INITIALISATIONS: readonly unknown[] = ['eva', 'orthogonal'];
/** The fields with settings of an initialisation, each with the value of `init_lora_weights` to which it belongs. */
const SETTINGS = { loftq_config: 'loftq', eva_config: 'eva', corda_config: 'corda', lora_ga_config: 'lora_ga' };

/** The names by which PEFT recognises an embedding and an output embedding, which a model may tie. */
const TIED = /(^|\.)(embed_tokens|lm_head)$/;

/**
 * Returns the fields of a parsed `adapter_config.json` without those that have no effect: those that determine only how A and B were
 * initialised, and `ensure_weight_tying` for an adapter without an embedding. Like PEFT, warns of the latter, and of settings of another
 * initialisation than that of the adapter.
 */
export function effectiveFields(json: unknown, warn: Warn): unknown {
  if (!isObject(json)) return json;
  const { init_lora_weights: way } = json;
  const isSaved = INITIALISATIONS.includes(way);
  const fields: Record<string, unknown> = { ...json, ...(isSaved && { init_lora_weights: true }) };
  if (isSaved)
    warn({ code: 'ignored_config', message: `init_lora_weights: '${way}' is read as true: the file has A and B.` });
  for (const [field, of] of Object.entries(SETTINGS)) {
    const value = fields[field];
    if (way === of ? !isSaved : !isObject(value) || Object.keys(value).length === 0) continue;
    delete fields[field];
    if (way === of) continue;
    const message = `\`${field}\` specified but will be ignored when \`init_lora_weights\` is not '${of}'.`;
    warn({ code: 'ignored_config', message });
  }
  if (tiesNothing(fields)) {
    delete fields.ensure_weight_tying;
    const message =
      'You have requested `ensure_weight_tying`, but no tied modules are added in either `modules_to_save` or `target_modules`';
    warn({ code: 'ignored_config', message });
  }
  return fields;
}

/** Whether `ensure_weight_tying` is set, but no embedding or head is adapted. A regular expression is assumed to match one. */
function tiesNothing({ ensure_weight_tying, target_modules, modules_to_save }: Record<string, unknown>): boolean {
  if (ensure_weight_tying !== true || (typeof target_modules === 'string' && target_modules !== 'all-linear'))
    return false;
  return ![target_modules, modules_to_save].flat().some((name) => typeof name === 'string' && TIED.test(name));
}
