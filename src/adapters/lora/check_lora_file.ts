import { WebVeraError } from '../../core/errors/error';
import type { StoredShapes } from '../files/adapter_tensors';
import { MODEL_FILE } from '../files/file_values';
import type { LoraConfig } from './config/lora_config';

/** The maximum number of ranks in an error message. */
const SHOWN = 8;

/** Checks that the shapes of LoRA's tensors fit the ranks in the configuration. Returns the tensors' names; throws `invalid_format`. */
export function checkLoraFile(
  { r, rank_pattern }: Pick<LoraConfig, 'r' | 'rank_pattern'>,
  stored: StoredShapes,
): ReadonlySet<string> {
  const ranks = new Set([r, ...Object.values(rank_pattern)]);
  const own = new Set<string>();
  for (const [name, { shape }] of stored) {
    const [, part] = /(?:^|\.)lora_(A|B|magnitude_vector)(?:\.|$)/.exec(name) ?? [];
    if (part === undefined) continue;
    own.add(name);
    const isVector = part === 'magnitude_vector' || (part === 'B' && name.endsWith('.bias'));
    const isMatrix = part !== 'magnitude_vector' && shape.length === 2 && ranks.has(shape[part === 'A' ? 0 : 1] ?? 0);
    if (isMatrix || (isVector && shape.length === 1)) continue;
    const expected = [...[...ranks].slice(0, SHOWN), ...(ranks.size > SHOWN ? ['…'] : [])].join(' or ');
    const message = `${MODEL_FILE}: ${name}: expected a tensor of rank ${expected}, got [${shape}]`;
    throw new WebVeraError('invalid_format', message, { hint: 'Do both files belong to the same adapter?' });
  }
  return own;
}
