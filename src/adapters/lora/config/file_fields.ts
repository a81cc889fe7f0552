import type { Warn } from '../../../core/errors/warning';
import { isObject } from '../../config/adapter_fields';

/** The values of `init_lora_weights` that leave the base model as it is: A and B of a saved adapter are in its file. */
const BEGINNINGS: readonly unknown[] = ['eva', 'orthogonal'];
/** The fields with settings for a value of `init_lora_weights`. */
const SETTINGS = { loftq_config: 'loftq', eva_config: 'eva', corda_config: 'corda', lora_ga_config: 'lora_ga' };

/**
 * Returns the fields of a parsed `adapter_config.json` without those that say only how A and B began. Like PEFT, warns of settings for
 * another beginning than the adapter's.
 */
export function withoutBeginning(json: unknown, warn: Warn): unknown {
  if (!isObject(json)) return json;
  const { init_lora_weights: way } = json;
  const isSaved = BEGINNINGS.includes(way);
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
