import { type Integrity, readSha256 } from '../../core/input/integrity';
import { type Files, isFiles, namedFiles } from '../../core/input/named_files';
import { STORAGE_DTYPES } from '../../core/numbers/storage_names';
import { POOLING_MODES, type PoolingMode } from '../../core/pooling/pooling';
import type { LabelOptions, ModelDtype, ModuleNames } from '../../core/types/model';
import type { ModelSource, ProgressInfo } from '../../core/types/source';
import type { LoadOptions, WireAdapterFiles, WireAdapterSource, WireSource } from '../../worker/protocol';
import { checkOptions, copied, defined, wrong } from '../session/options';
import * as rule from '../session/rules';
import { isObject } from '../session/rules';
import { type CallOptions, callRules } from '../session/session';

/** Options for reading the files of a model or an adapter from a source. */
export interface SourceOptions extends CallOptions {
  /** A branch, tag or commit of the hub. Default: 'main', also for null, which an adapter's configuration may have. */
  readonly revision?: string | null;
  /**
   * Whether to make no requests: a model that isn't cached on this device then rejects with `not_found`. `models.is_cached(source)` checks
   * this beforehand. Default: false
   */
  readonly local_files_only?: boolean;
  /**
   * 'hub' (default): large files of the hub must have the SHA-256 that the hub reports. A record of SHA-256 hashes by file name, in
   * hexadecimal digits or as 'sha256-…': the named files must have these hashes, and all other files are checked as with 'hub'. 'none'
   * checks no file. If a file's hash differs, the call rejects with `integrity_mismatch`; the file isn't stored, and no model is loaded.
   */
  readonly integrity?: Integrity;
  /**
   * Returns an access token of the hub, for models that aren't public. Called once, when the hub refuses a file. The token is sent only to
   * `remoteHost`, is never stored, and appears in no message.
   */
  readonly token?: () => string | Promise<string>;
  readonly progress_callback?: (info: ProgressInfo) => void;
}

/** Options for loading a model. */
export interface PretrainedOptions extends SourceOptions {
  /** The format in which the GPU stores weight matrices. Default: 'auto', as in the files */
  readonly dtype?: ModelDtype;
  /**
   * The name of a GGUF file in the source, which is read in place of config.json and safetensors: a Llama, Mistral, Qwen2, Qwen3, Gemma (1
   * to 3), Phi-3, Falcon or GPT-2. Its quantised numbers stay quantised unless `dtype` says otherwise: four-bit numbers as 'q4', others as
   * 'q8'. Q4_0, Q4_1, Q5_0 and Q8_0 don't change in value. For Q4_K and Q6_K, the scales are rounded to half precision. For Q5_1 and Q5_K,
   * the values are rounded to 'q8'. A tokenizer.json beside the file replaces the file's own tokenizer.
   */
  readonly gguf_file?: string;
}

/** Options for loading a classifier, including its labels. */
export interface ClassifierOptions extends PretrainedOptions, LabelOptions {
  /** If the head in the weights was made for other labels: whether to initialise a new head instead of rejecting. Default: false */
  readonly ignore_mismatched_sizes?: boolean;
  /** @internal Whether the head's last layer is initialised anew if `id2label` names other labels than config.json. */
  readonly renews_head?: boolean;
}

/** Options for loading a text classifier. */
export interface TextClassifierOptions extends ClassifierOptions {
  /**
   * The vector of a text from which the head classifies it. 'auto' (default): the vector that `embed` returns, as the folder's modules.json
   * describes it. Without that file, or if config.json names a class that ends in ForSequenceClassification, 'auto' means 'none'. 'none':
   * the head of transformers' own class, on which PEFT trains adapters over any folder. A pooling mode: the hidden states pooled in that
   * way, without the folder's Dense layers, and normalised if modules.json lists a Normalize module. Texts are prepared as for `embed`: the
   * folder's prompt is put before the text and pooled with it, the text is lower-cased if the folder says so, and truncated to the folder's
   * `max_seq_length`. The head on a pooled vector is one linear layer, `classifier`. Adapters that train this layer, and exported models,
   * have the pooling in their configuration.
   */
  readonly pooling?: 'auto' | 'none' | PoolingMode;
}

/** Options for loading an image classifier. */
export interface ImageClassifierOptions extends ClassifierOptions {
  /**
   * The version of transformers whose module names are used, which adapters refer to: 4 ('v4') or 5 ('v5'). Default: the version that wrote
   * config.json, by its `transformers_version`; 'v4' without one.
   */
  readonly module_names?: ModuleNames;
}

/** Options for loading a model without a head. */
export interface AutoModelOptions extends PretrainedOptions, Pick<ImageClassifierOptions, 'module_names'> {}

/**
 * The location of an adapter: its files, as `save_pretrained()` returns them; `{ id }`, the id of an adapter that is stored on this device;
 * or a folder, as for a model.
 */
export type AdapterSource = ModelSource | { readonly id: string };

export const sourceRules = {
  ...callRules,
  revision: rule.orNull(rule.anyString),
  local_files_only: rule.anyBoolean,
  integrity: {
    expected: "'hub', 'none', or SHA-256 by file name, in 64 hexadecimal digits or as 'sha256-…'",
    accepts: (value: unknown) =>
      value === 'hub' ||
      value === 'none' ||
      (isObject(value) && Object.values(value).every((hash) => readSha256(hash) !== undefined)),
  },
  token: { ...rule.anyFunction, isSecret: true, hint: () => "Write token: () => '…'." },
  progress_callback: rule.anyFunction,
};

export const pretrainedRules = {
  ...sourceRules,
  dtype: rule.oneOf('auto', ...Object.values(STORAGE_DTYPES)),
  gguf_file: rule.anyString,
};

/** The largest number of labels that a classifier may have. */
const MOST_LABELS = 2 ** 16;

export const classifierRules = {
  ...pretrainedRules,
  num_labels: rule.integer(1, MOST_LABELS),
  id2label: {
    expected: "the labels' different names by number, such as { 0: 'ham', 1: 'spam' }",
    // A config.json may have equal names: some of ImageNet's labels do.
    accepts: (value: unknown) => {
      const names: unknown[] = Object.values(value ?? {});
      return (
        isObject(value) &&
        names.length > 0 &&
        names.every(rule.anyString.accepts) &&
        new Set(names).size === names.length
      );
    },
  },
  problem_type: rule.oneOf('single_label_classification', 'multi_label_classification', 'regression'),
  ignore_mismatched_sizes: rule.anyBoolean,
  renews_head: rule.anyBoolean,
};

const moduleNameRules = { module_names: rule.oneOf('v4', 'v5') };

export const textClassifierRules = { ...classifierRules, pooling: rule.oneOf('auto', 'none', ...POOLING_MODES) };

export const imageClassifierRules = { ...classifierRules, ...moduleNameRules };

export const autoModelRules = { ...pretrainedRules, ...moduleNameRules };

/** Returns a classifier's options for the worker. Throws `invalid_argument` for options about its labels that don't fit together. */
export function classifierLoadOptions(options: ImageClassifierOptions): LoadOptions {
  const { num_labels, id2label, problem_type, ignore_mismatched_sizes, renews_head, module_names } = options;
  const keys = Object.keys(id2label ?? {});
  const count = keys.length;
  if (num_labels !== undefined && count > 0 && count !== num_labels) {
    throw wrong('num_labels', `${count}, as id2label names so many`, num_labels, 'Leave num_labels out.');
  }
  if (keys.some((key, label) => key !== String(label))) {
    const hint = "Labels are numbered from 0: { 0: 'ham', 1: 'spam' }, or ['ham', 'spam'].";
    const wanted = count === 1 ? 'the name of label 0' : `names of the labels from 0 to ${count - 1}`;
    throw wrong('id2label', wanted, keys.join(', '), hint);
  }
  if (problem_type === 'single_label_classification' && (num_labels ?? count) === 1) {
    throw wrong('problem_type', "'regression' or 'multi_label_classification', as there is one label", problem_type);
  }
  const given = copied(defined({ num_labels, id2label, problem_type }));
  const labels = Object.keys(given).length === 0 ? undefined : given;
  return { ...loadOptions(options), ...defined({ labels, ignore_mismatched_sizes, renews_head, module_names }) };
}

/** Returns the options for the worker. The given options are already checked. */
export function loadOptions(options: PretrainedOptions): LoadOptions {
  const { revision, dtype, gguf_file, local_files_only, integrity, token, progress_callback } = options;
  return {
    progress: progress_callback !== undefined,
    ...(token !== undefined && { hasToken: true }),
    ...defined({ revision: revision ?? undefined, dtype, gguf_file, local_files_only, integrity: copied(integrity) }),
  };
}

export function wireSource(source: ModelSource): WireSource {
  if (typeof source === 'string' && source !== '') return isAddress(source) ? { url: resolved(source).href } : source;
  if (source instanceof URL) return { url: source.href };
  if (isFiles(source)) return { files: namedFiles('source', source, NAMED_FILES) };
  if (isObject(source) && 'files' in source) return { files: namedFiles('source.files', source.files, NAMED_FILES) };
  if (isObject(source) && 'repo' in source) {
    checkOptions('source', source, { repo: rule.anyString, revision: rule.anyString, subfolder: rule.anyString });
    const { repo, revision, subfolder } = source;
    return { repo, ...defined({ revision, subfolder }) };
  }
  const other: unknown = source;
  const isFile = other instanceof Blob || (isObject(other) && Symbol.iterator in other);
  throw wrong(
    'source',
    "'org/name', an address, a URL, { repo } or { files }",
    other,
    isFile
      ? NAMED_FILES.hint
      : "A folder of your own is './models/mine/' or new URL(…), a model of the hub 'org/name'.",
  );
}

/** Returns the name of a repository, or of the folder in an address; undefined for files. */
export function nameOfSource(source: WireSource): string | undefined {
  if (typeof source === 'string') return source;
  if ('repo' in source) return source.repo;
  if (!('url' in source)) return undefined;
  return new URL(source.url).pathname.split('/').findLast((part) => part !== '');
}

const NAMED_FILES = {
  hint: "Files go by their names: { files: input.files } of an input of files, or { files: { 'config.json': blob, … } }.",
};

function isAddress(source: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$|[a-z][a-z\d+.-]*:)/i.test(source);
}

/** Resolves an address as the page would resolve a link. */
function resolved(address: string): URL {
  // A Windows drive letter would parse as a URL scheme.
  if (/^([a-z]:[\\/]|file:)/i.test(address)) throw wrong('source', 'an address on the web', address, NO_PAGE);
  const { document, location } = globalThis as { readonly document?: Document; readonly location?: Location };
  try {
    return new URL(address, document?.baseURI ?? location?.href);
  } catch {
    throw wrong('source', 'an address that says where it begins, as there is no page to start from', address, NO_PAGE);
  }
}

const NO_PAGE =
  "Pass the whole address, 'https://…'. A folder of this machine is await openFolder(path), from 'webvera/node'; a page passes { files: new Map([['config.json', blob], …]) }.";

export function wireAdapterSource(source: AdapterSource): WireAdapterSource {
  if (isObject(source) && 'id' in source && !isFiles(source)) {
    checkOptions('source', source, { id: rule.anyString });
    return { id: (source as { readonly id: string }).id };
  }
  if (isObject(source) && 'adapter_config.json' in source) return wireAdapterFiles(source);
  return wireSource(source);
}

/**
 * Returns PEFT's two files, and ignores all others. The second one may be adapter_model.bin, as in PEFT before release 0.7. Throws
 * `invalid_argument` if one of the two is missing.
 */
export function wireAdapterFiles(files: Files): WireAdapterFiles {
  const named = namedFiles('files', files, { expected: "PEFT's two files by their names", hint: TWO_FILES });
  const file = (name: string): Blob => {
    const found = named.get(name);
    if (found !== undefined) return found;
    throw wrong(name, 'a Blob', undefined, TWO_FILES);
  };
  const config = { 'adapter_config.json': file('adapter_config.json') };
  const torch = named.get('adapter_model.bin');
  if (torch !== undefined && !named.has('adapter_model.safetensors')) return { ...config, 'adapter_model.bin': torch };
  return { ...config, 'adapter_model.safetensors': file('adapter_model.safetensors') };
}

const TWO_FILES =
  "Pass { 'adapter_config.json': blob, 'adapter_model.safetensors': blob }, as save_pretrained() gives them.";
