import type { Warn } from '../../../core/errors/warning';
import { isObject } from '../../config/adapter_fields';

/** Initialisations of A and B by which PEFT doesn't change the base model. They don't matter in a file, which contains A and B. */
const INITIALISATIONS: readonly unknown[] = ['eva', 'orthogonal'];
/** The fields with settings of an initialisation, each with the value of `init_lora_weights` to which it belongs. */
const SETTINGS = { loftq_config: 'loftq', eva_config: 'eva', corda_config: 'corda', lora_ga_config: 'lora_ga' };

/**
 * Returns the fields of a parsed `adapter_config.json` without those that determine only how A and B were initialised. Like PEFT, warns
 * of settings of another initialisation than that of the adapter.
 */
export function withoutBeginning(json: unknown, warn: Warn): unknown {
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
  return fields;
}
