import { WebVeraError } from '../../core/errors/error';
import { type FileSource, readFile } from '../../core/input/file_source';
import { groupBy } from '../../core/input/group_by';
import type { ParserLimits } from '../../core/types/source';
import { PREPROCESSOR_FILE, PROCESSOR_FILE } from '../../formats/models/model_files';
import { parseWeightsIndex } from '../../formats/models/weights';
import type { KeptFile, WeightStore } from '../../store/weight_store';
import type { Answers } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { known } from '../storage/store_failures';
import type { ModelSources } from './loading/model_sources';
import { isTokenizerKnown } from './loading/tokenizer_files';
import type { CacheCalls, CachedDownload } from './model_protocol';

const INDEX = /\.(?:safetensors|bin)\.index\.json$/;
const WEIGHTS = /^(?:model\.safetensors|pytorch_model\.bin)$/;

/** The fields of a session that the calls about cached downloads use. */
export interface CacheRoom {
  readonly calls: Calls;
  readonly sources: ModelSources;
  readonly cache: WeightStore | undefined;
}

export const cacheCalls: Answers<CacheCalls, CacheRoom> = {
  async listCached() {
    const all = this.cache === undefined ? [] : await known(this.cache.list());
    const folders = groupBy(all, ({ folder }) => folder);
    return [...folders.values()].flatMap((records) => modelOf(records) ?? []);
  },

  async isCached(source) {
    const folder = this.sources.cached(source, { isLocal: true });
    const records = (await folder?.records()) ?? [];
    if (folder === undefined || modelOf(records)?.state === 'corrupt') return false;
    // A file with a partial copy counts as unknown. An estimate may have begun to read it, and the model may not need it.
    const known = records.filter(({ state }) => state !== 'partial');
    const files = new Map(known.map(({ file, state }) => [file, state === 'verified']));
    const has = (file: string): boolean | undefined => files.get(file);
    const here = [...files.keys()].filter(has);
    // A GGUF file contains the whole model. But its tokenizer is read only if the folder has no tokenizer files, so the cache must know
    // whether the folder has some.
    if (here.some((file) => file.endsWith('.gguf'))) return isTokenizerKnown(has);
    const indices = here.filter((file) => INDEX.test(file));
    for (const index of indices) {
      if (!(await shardsOf(folder, index, this.sources.limits))?.every(has)) return false;
    }
    // Loading also reads the tokenizer after the weights, or for an image model the settings for images before them.
    const hasSettings = has(PROCESSOR_FILE) === true || has(PREPROCESSOR_FILE) !== undefined;
    const isInputKnown = isTokenizerKnown(has) || hasSettings;
    const hasWeights = indices.length > 0 || here.some((file) => WEIGHTS.test(file));
    return hasWeights && has('config.json') === true && isInputKnown;
  },

  verifyCached(call, source, { progress }) {
    return this.calls.run(call, async (signal) => {
      const damaged = new Set<string>();
      const onDamage = (file: string): unknown => damaged.add(file);
      const reporting = { call: progress ? call : undefined, onDamage };
      const folder = this.sources.cached(source, { signal, isLocal: false, revalidates: false, ...reporting });
      const records = (await folder?.records()) ?? [];
      const whole = records.filter(({ state }) => state === 'verified' || state === 'corrupt');
      if (folder === undefined || whole.length === 0) return 'none';
      folder.expect(whole.reduce((sum, { size, bytes }) => sum + (size ?? bytes), 0));
      for (const { file, state } of whole) {
        if (state === 'corrupt') damaged.add(file);
        try {
          await known(readThrough(folder, file));
        } catch (error) {
          signal.throwIfAborted();
          // A damaged file that can't be repaired is reported as damaged, whatever the error was.
          if (!isDamage(error) && !damaged.has(file)) throw error;
          damaged.add(file);
        }
      }
      if (damaged.size === 0) return 'ok';
      const after = new Map((await folder.records()).map(({ file, state }) => [file, state]));
      return [...damaged].every((file) => after.get(file) === 'verified') ? 'repaired' : 'corrupt';
    });
  },

  async clearCached(source) {
    const folder = this.sources.cached(source, { isLocal: true });
    if (folder !== undefined && this.cache !== undefined) await known(folder.delete());
  },
};

/** Returns the weight files that an index lists; undefined if the index can't be read. */
async function shardsOf(
  folder: FileSource,
  file: string,
  limits: ParserLimits,
): Promise<readonly string[] | undefined> {
  try {
    const bytes = await known(readFile(folder, file, limits.json));
    return [...new Set(parseWeightsIndex(bytes, limits, file.split('/').at(-1)).weightMap.values())];
  } catch (error) {
    if (error instanceof WebVeraError && error.code !== 'storage_unavailable') return undefined;
    throw error;
  }
}

async function readThrough(source: FileSource, file: string): Promise<void> {
  const stream = await source.open(file);
  while ((await stream?.read()) !== undefined);
}

function isDamage(error: unknown): boolean {
  return error instanceof WebVeraError && ['storage_corrupt', 'integrity_mismatch'].includes(error.code);
}

/** Summarises the cache's records of one model's files. Returns undefined if none of these files is cached. */
function modelOf(all: readonly KeptFile[]): CachedDownload | undefined {
  const records = all.filter(({ state }) => state !== 'absent');
  const [first] = records;
  if (first === undefined) return undefined;
  const states = new Set(records.map(({ state }) => state));
  return {
    name: first.model,
    revision: first.revision,
    bytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
    state: states.has('corrupt') ? 'corrupt' : states.has('partial') ? 'partial' : 'verified',
  };
}
