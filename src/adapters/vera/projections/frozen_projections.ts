import type { Warn } from '../../../core/errors/warning';
import type { ProjectionDtype } from '../../../core/types/model';
import type { Tensor } from '../../../core/types/tensor';
import type { Adapter, FrozenPool, FrozenRequest, FrozenRules } from '../../adapter';
import { VeraConfig } from '../config/vera_config';
import { type ProjectionValues, type ResolvedVera, VeraAdapter } from '../vera_adapter';
import { VERA_A, VERA_B } from '../vera_files';
import { ProjectionPool, projectionValues } from './projection_pool';
import { type ProjectionKey, type Projections, roundingOf } from './projections';

/** The rules for A and B, which are drawn from a key (a seed and sizes) or read from a file. */
export const frozenProjections: FrozenRules<ResolvedVera, ProjectionValues> = {
  pool(runner, onDraw) {
    const projections = new ProjectionPool(runner, onDraw);
    return { acquire: (request) => acquire(projections, request), release: (values) => projections.release(values) };
  },
  planned: ({ config: { r }, max_in, max_out }) => projectionValues({ r, max_in, max_out, dtype: 'float32' }),
  areSaved: ({ save_projection }) => save_projection,
  // PEFT draws A and B in float32. If the adapter has other values, its file must contain them.
  portable: (config, frozen) => {
    const given = projectionsIn(frozen);
    const isDrawn = given !== undefined && roundingOf(given, keyOf(config, given)) === 'float32';
    return new VeraConfig({ ...config, save_projection: config.save_projection || !isDrawn });
  },
};

/** Returns the key from which matrices of these sizes are drawn. */
function keyOf({ projection_prng_key, r }: VeraConfig, { A, B }: Projections): ProjectionKey {
  return { projection_prng_key, r, max_in: A.length / r, max_out: B.length / r };
}

/** Returns copies of A and B from an adapter's tensors; undefined if they are missing. */
function projectionsIn(tensors: ReadonlyMap<string, Tensor>): Projections | undefined {
  const [A, B] = [tensors.get(VERA_A), tensors.get(VERA_B)];
  return A && B && { A: new Float32Array(A.data), B: new Float32Array(B.data) };
}

async function acquire(
  projections: ProjectionPool,
  { resolved, options, stored, others, warn }: FrozenRequest<ResolvedVera>,
): ReturnType<FrozenPool<ResolvedVera, ProjectionValues>['acquire']> {
  const { config, max_in, max_out } = resolved;
  const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
  const given = stored && projectionsIn(stored);
  if (given !== undefined) return acquireStored(projections, keyOf(config, given), given, warn);
  const shared = stored === undefined ? sharedDimensions(key, config, others) : key;
  return projections.acquire(shared, (options.projection_dtype ?? 'float32') as ProjectionDtype);
}

/**
 * Returns A and B from a saved adapter, even if they differ from the values that the key gives. Adapters share them if their A and B are
 * equal.
 */
async function acquireStored(
  projections: ProjectionPool,
  inFile: ProjectionKey,
  given: Projections,
  warn: Warn | undefined,
): Promise<ProjectionValues> {
  const dtype = projections.roundingOf(given, inFile);
  if (dtype !== undefined) return projections.acquire(inFile, dtype, given);
  warn?.({
    code: 'projection_differs',
    message:
      `vera_A and vera_B differ from what projection_prng_key ${inFile.projection_prng_key} gives. They are followed; ` +
      'PEFT up to 0.20.0 ignores them in a file, and would give other results.',
  });
  return projections.adopt(inFile, given);
}

/**
 * Returns the key for A and B of a new adapter. As in PEFT, if an earlier adapter of the model has the same seed and r, and its A and B are
 * large enough, the new adapter uses them, and its file contains them. With `save_projection` false, the file contains no A and B, so
 * they are drawn with the new adapter's sizes, as they will be when the file is loaded.
 */
function sharedDimensions(key: ProjectionKey, config: VeraConfig, others: readonly Adapter[]): ProjectionKey {
  if (!config.save_projection) return key;
  for (const other of others) {
    if (!(other instanceof VeraAdapter)) continue;
    const [max_in = 0, max_out = 0] = [other.projections.A.shape[1], other.projections.B.shape[0]];
    const same = other.config.projection_prng_key === key.projection_prng_key && other.config.r === key.r;
    if (same && max_in >= key.max_in && max_out >= key.max_out) return { ...key, max_in, max_out };
  }
  return key;
}
