import { WebVeraError } from '../../core/errors/error';
import type { StoredShapes } from '../files/adapter_tensors';
import { MODEL_FILE } from '../files/file_values';
import type { UniLoraConfig } from './config/unilora_config';
import { THETA } from './unilora_layout';

/** Checks that the vector has the configured length. Returns the names of UniLoRA's tensors; throws `invalid_format`. */
export function checkUniloraFile(
  { theta_d_length }: Pick<UniLoraConfig, 'theta_d_length'>,
  stored: StoredShapes,
): ReadonlySet<string> {
  const own = new Set([...stored.keys()].filter((name) => name === THETA || name.startsWith(`${THETA}.`)));
  for (const name of own) {
    const shape = stored.get(name)?.shape ?? [];
    if (shape.length === 1 && shape[0] === theta_d_length) continue;
    const message = `${MODEL_FILE}: ${name}: expected ${theta_d_length} numbers, got [${shape}]`;
    throw new WebVeraError('invalid_format', message, { hint: 'Do both files belong to the same adapter?' });
  }
  return own;
}
