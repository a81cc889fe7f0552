import type { Overlay } from '../adapters/overlay';
import type { VeraAdapter } from '../adapters/vera_adapter';
import { Digest } from '../core/digest';
import { numel } from '../core/shape';
import { shardsOf, type Value } from '../graph/value';
import type { TokenRow } from '../train/token_row';
import type { TextModel } from './text_model';

export interface RunParts {
  readonly model: TextModel;
  readonly overlay: Overlay;
  /** Those that train. */
  readonly adapters: readonly VeraAdapter[];
  readonly rows: readonly TokenRow[];
}

/** Elements of each of the model's tensors that tell it from others of its kind. */
const SAMPLE = 64;
/** Reads that are under way at a time. */
const TOGETHER = 4;

/**
 * What a run is a run of, as a fingerprint: the model, what lies over it, the adapters that train, and the rows that they
 * learn from. Values that train don't count: a run changes them.
 */
export async function runIdentity({ model, overlay, adapters, rows }: RunParts): Promise<string> {
  const digest = new Digest();
  const { weights, model: architecture } = model.loaded;
  const about = {
    config: architecture.config,
    weights: [...weights].map(([name, { shape, dtype }]) => [name, shape, dtype]),
    adapters: overlay.adapters.map(({ name, config, layout }) => [name, config.to_json(), layout.length]),
    trained: adapters.map(({ name }) => name),
  };
  await digest.add(new TextEncoder().encode(JSON.stringify(about)));
  const projections = overlay.adapters.flatMap(({ projections: { A, B } }) => [A, B]);
  const samples = [...weights.values(), ...projections].flatMap((value) => shardsOf(value).map((shard) => shard.value));
  for await (const bytes of reads(model, [...samples.map(sample), ...stillPools(overlay, adapters)])) {
    await digest.add(bytes);
  }
  for (const { input_ids, labels, attention_mask } of rows) {
    const length = Uint32Array.of(input_ids.length);
    for (const part of [length, input_ids, labels, attention_mask]) await digest.add(bytesOf(part));
  }
  return digest.end();
}

/** The first elements of a pinned value, as a value. */
function sample(value: Value): Value {
  const { name, shape, dtype, view = { of: value, offset: 0 } } = value;
  return { name, shape: [Math.min(SAMPLE, numel(shape))], dtype, pinned: true, view };
}

/** All values of adapters that have a part in the results, but don't train. */
function stillPools({ adapters, tensors }: Overlay, trained: readonly VeraAdapter[]): Value[] {
  const own = new Set(trained.map(({ lambda }) => lambda));
  const used = [
    ...adapters.map(({ lambda }) => lambda),
    ...[...tensors.values()].map((value) => value.view?.of ?? value),
  ];
  return [...new Set(used)].filter((value) => !own.has(value));
}

async function* reads({ runner }: TextModel, values: readonly Value[]): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < values.length; start += TOGETHER) {
    const together = values.slice(start, start + TOGETHER).map((value) => runner.read(value));
    for (const bytes of await Promise.all(together)) yield new Uint8Array(bytes);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
