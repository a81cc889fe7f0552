import type { AdapterFiles, ModelDtype } from '../core/model';
import type { ModelSource, ProgressInfo } from '../core/source';
import type { LoadOptions, WireAdapterSource, WireSource } from '../worker/protocol';
import type { CallEvent } from './link';
import { anyFunction, anyString, checkOptions, defined, oneOf, wrong } from './options';
import { type CallOptions, callRules } from './session';

/** How a model's files are fetched and held. */
export interface PretrainedOptions extends CallOptions {
  /** A branch, tag or commit of the hub; 'main' by default. */
  readonly revision?: string;
  /** 'auto' */
  readonly dtype?: ModelDtype;
  readonly progress_callback?: (info: ProgressInfo) => void;
}

/** Where an adapter comes from: PEFT's two files, a name under which it was stored on this device, or a folder. */
export type AdapterSource = ModelSource | AdapterFiles | { readonly id: string };

export const pretrainedRules = {
  ...callRules,
  revision: anyString,
  dtype: oneOf('auto', 'float32', 'float16'),
  progress_callback: anyFunction,
};

/** What the worker needs to know. The options have been checked. */
export function loadOptions({ revision, dtype, progress_callback }: PretrainedOptions): LoadOptions {
  return { progress: progress_callback !== undefined, ...defined({ revision, dtype }) };
}

/** Hands a call's progress to the caller's callback. */
export function onProgress({ progress_callback }: PretrainedOptions): ((event: CallEvent) => void) | undefined {
  if (progress_callback === undefined) return undefined;
  return (event) => {
    if (event.type === 'progress') progress_callback(event.info);
  };
}

export function wireSource(source: ModelSource): WireSource {
  if (typeof source === 'string' && source !== '') return source;
  if (source instanceof URL) return { url: source.href };
  if (isObject(source) && 'files' in source) {
    const { files } = source;
    if (!(files instanceof Map)) throw wrong('source.files', 'a Map of Blobs by file name', files);
    for (const [name, file] of files) if (!(file instanceof Blob)) throw wrong(`source.files: ${name}`, 'a Blob', file);
    return { files: new Map<string, Blob>(files) };
  }
  if (isObject(source) && 'repo' in source) {
    checkOptions('source', source, { repo: anyString, revision: anyString, subfolder: anyString });
    const { repo, revision, subfolder } = source;
    return { repo, ...defined({ revision, subfolder }) };
  }
  throw wrong(
    'source',
    "'org/name', a URL, { repo } or { files }",
    source,
    "A folder's address is passed as new URL(…).",
  );
}

export function wireAdapterSource(source: AdapterSource): WireAdapterSource {
  if (isObject(source) && 'id' in source) {
    checkOptions('source', source, { id: anyString });
    return { id: source.id };
  }
  if (isObject(source) && 'adapter_config.json' in source) return wireAdapterFiles(source);
  return wireSource(source);
}

export function wireAdapterFiles(files: AdapterFiles): AdapterFiles {
  const wire = {
    'adapter_config.json': files['adapter_config.json'],
    'adapter_model.safetensors': files['adapter_model.safetensors'],
  };
  for (const [name, file] of Object.entries(wire)) if (!(file instanceof Blob)) throw wrong(name, 'a Blob', file);
  return wire;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
