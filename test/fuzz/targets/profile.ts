import { readFiles } from '../../../src/page/profile/storage/read_files';
import { readExamples, readFeedback, readState } from '../../../src/page/profile/storage/record';
import { readUnfinished } from '../../../src/page/profile/storage/unfinished_run';
import { describeRun, readLabel } from '../../../src/store/checkpoint_label';
import { attempt, type FuzzTarget, isRefusal, jsonOf, partsOf } from '../target';

/**
 * The input: of an imported profile adapter_config.json, profile.json, examples.jsonl (also read as ratings.jsonl and
 * preferences.jsonl) and images.npy; and a stored profile record, which another script may have written.
 */
export const target: FuzzTarget = {
  name: 'profile',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded', 'storage_corrupt'],
  async run(bytes) {
    const [config, about, examples, stored, images] = partsOf(bytes, 5) as [Part, Part, Part, Part, Part];
    const files = new Map([
      ['adapter_config.json', new Blob([config])],
      ['adapter_model.safetensors', new Blob(['weights'])],
      ...(about.length > 0 ? ([['profile.json', new Blob([about])]] as const) : []),
      ...(images.length > 0 ? ([['images.npy', new Blob([images])]] as const) : []),
      ...(examples.length > 0 ? ([['examples.jsonl', new Blob([examples])]] as const) : []),
    ]);
    const read = await readFiles(files, {
      base: { base: 'base', labels: null, problem_type: null },
      image_size: 1,
    }).catch((error: unknown) => {
      if (!isRefusal(error, target.codes)) throw error;
    });
    if (read !== undefined) {
      const { imported, data } = read;
      const kept = data.examples;
      const isCounted = kept.every(({ n }) => Number.isSafeInteger(n) && n >= 0 && n < imported.seen);
      if (!isCounted) throw new Error(`expected arrivals below ${imported.seen}, got ${kept.map(({ n }) => n)}`);
    }
    for (const name of ['ratings.jsonl', 'preferences.jsonl']) {
      const given = new Map([...files, ['examples.jsonl', new Blob([])], [name, new Blob([examples])]]);
      await readFiles(given, { base: { base: 'base', labels: null, problem_type: null } }).catch((error: unknown) => {
        if (!isRefusal(error, target.codes)) throw error;
      });
    }
    readStored(withBytes(jsonOf(stored)));
  },
};

type Part = Uint8Array<ArrayBuffer>;

/** Adds bytes as the vectors' weights to a stored record, because JSON can't contain bytes. */
function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('vectors' in value)) return value;
  const { vectors } = value as { vectors: unknown };
  if (typeof vectors !== 'object' || vectors === null) return value;
  return { ...value, vectors: { ...vectors, weights: new Uint8Array(8) } };
}

function readStored(value: unknown): void {
  attempt(target, () => readState('ada', value));
  attempt(target, () => readExamples('ada', value));
  attempt(target, () => readFeedback('ada', value));
  attempt(target, () => readUnfinished('ada', value));
  readLabel(value);
  const { saved_at, bytes } = describeRun('run', [value, value]);
  if (!Number.isFinite(new Date(saved_at).getTime()) || !Number.isSafeInteger(bytes)) {
    throw new Error(`describeRun: got ${saved_at}, ${bytes}`);
  }
}
