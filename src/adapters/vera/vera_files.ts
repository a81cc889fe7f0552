import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { type Shape, sameShape } from '../../core/numbers/shape';
import type { FileRules, StoredShapes } from '../files/adapter_tensors';
import { MODEL_FILE } from '../files/file_values';

export const VERA_A = 'base_model.vera_A';
export const VERA_B = 'base_model.vera_B';

/** The settings that determine the shapes of the tensors in a file. */
interface VeraSizes {
  readonly save_projection: boolean;
  readonly r: number;
  /** The number of columns of A that the wrapped modules need; `max_out` is the number of rows of B. Matrices in a file may have more. */
  readonly max_in: number;
  readonly max_out: number;
}

/**
 * Returns the rules for VeRA's files. If the configuration says that A and B are saved, they are read from the file with the sizes that
 * they have there. Otherwise they are ignored, with PEFT's warning.
 */
export function veraFile(sizes: VeraSizes): FileRules {
  return {
    frozen: [VERA_A, VERA_B],
    chooseFrozen(stored, warn) {
      return usesStored(stored, sizes.save_projection, warn) ? shapesOf(stored, sizes) : new Map();
    },
  };
}

/** Checks that the shapes of VeRA's tensors fit the configured rank. Returns the tensors' names; throws `invalid_format`. */
export function checkVeraFile(
  { r, save_projection }: Pick<VeraSizes, 'r' | 'save_projection'>,
  stored: StoredShapes,
): ReadonlySet<string> {
  usesStored(stored, save_projection, undefined);
  const own = new Set<string>();
  for (const [name, { shape }] of stored) {
    const [, part] = /(?:^|\.)vera_(lambda_b|lambda_d|magnitude_vector|A|B)(?:\.|$)/.exec(name) ?? [];
    if (part === undefined) continue;
    own.add(name);
    const isSized =
      (part === 'lambda_b' && shape.length === 1) ||
      (part === 'lambda_d' && sameShape(shape, [r])) ||
      (part === 'magnitude_vector' && shape.length === 1) ||
      (part !== 'magnitude_vector' && shape.length === 2 && shape[part === 'A' ? 0 : 1] === r);
    if (isSized) continue;
    const message = `${MODEL_FILE}: ${name}: expected a tensor of rank ${r}, got [${shape}]`;
    throw new WebVeraError('invalid_format', message, { hint: 'Do both files belong to the same adapter?' });
  }
  return own;
}

/** Whether A and B are read from a file. Throws `invalid_format` if they should be in the file, but aren't. */
function usesStored(stored: StoredShapes, save_projection: boolean, warn: Warn | undefined): boolean {
  const present = stored.has(VERA_A) && stored.has(VERA_B);
  if (save_projection && !present) {
    // If only B is missing, PEFT draws B. Here, a file with only one of the two matrices counts as damaged.
    throw new WebVeraError(
      'invalid_format',
      'Specified to load vera_A and vera_B from state dictionary however they were not present!',
      { hint: 'Set save_projection to false in adapter_config.json to draw them from projection_prng_key instead.' },
    );
  }
  if (!save_projection) {
    warn?.(
      stored.has(VERA_A) || stored.has(VERA_B)
        ? { code: 'projection_ignored', message: PROJECTION_IGNORED }
        : { code: 'projection_drawn', message: PROJECTION_DRAWN },
    );
  }
  return save_projection;
}

/** Returns the shapes that A and B must have: r as configured, the other sizes as in the file unless they are too small for the modules. */
function shapesOf(stored: StoredShapes, { r, max_in, max_out }: VeraSizes): Map<string, Shape> {
  const columns = stored.get(VERA_A)?.shape[1] ?? 0;
  const rows = stored.get(VERA_B)?.shape[0] ?? 0;
  return new Map([
    [VERA_A, [r, Math.max(columns, max_in)]],
    [VERA_B, [Math.max(rows, max_out), r]],
  ]);
}

const PROJECTION_IGNORED =
  'Specified to not load vera_A and vera_B from state dictionary however they are present in state dictionary! ' +
  'Consider using them to ensure checkpoint loading is correct on all platforms using ' +
  '`peft_config.save_projection = True`';
const PROJECTION_DRAWN =
  'Specified to not load vera_A and vera_B from state dictionary. This means we will be relying on PRNG ' +
  'initialisation to restore these projections using `config.projection_prng_key`, which may not be accurate on all ' +
  'system configurations.';
