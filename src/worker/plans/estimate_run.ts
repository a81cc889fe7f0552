import { kindOfFields } from '../../adapters/adapter_kinds';
import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { FileSource } from '../../core/input/file_source';
import type { Estimate, GpuBytes } from '../../core/types/estimate';
import type { PretrainedConfig } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { openGguf } from '../../formats/gguf/late_gguf';
import { folderFiles } from '../../formats/models/model_files';
import { denseWeightFiles, readSentenceModules } from '../../formats/models/sentence_modules';
import type { WeightFiles, WeightHeaders } from '../../formats/models/weights';
import { isSoftware } from '../../gpu/choice/choice';
import { adapterInfo } from '../../gpu/device_host';
import { DeviceLimits } from '../../gpu/device_limits';
import type { SessionDevice } from '../models/device';
import { imageSizeOf } from '../models/loading/late_images';
import { mayPool, planModel, plannedPooling } from './plan_model';
import type { EstimateRequest } from './plan_protocol';
import { planAdapters, planFile, planRun, type RunPlan } from './plan_run';
import { productSpeed } from './product_speed';
import { suggest } from './suggest';
import { judge, type Verdict } from './verdict';

/** The size in bytes of the largest binding that every GPU supports: WebGPU's default limit. */
const LEAST_BINDING = 128 * 2 ** 20;

const TOKENIZER = 'tokenizer.json';

/** A model's configuration and the headers of its weights. */
interface Begun extends WeightHeaders {
  readonly config: PretrainedConfig;
  /** The edge in pixels of the images that the folder's image processor makes, if it has one. */
  readonly imageSize: number | undefined;
}

/** The files and the GPU that an estimate reads. */
interface EstimateInputs {
  readonly source: FileSource;
  readonly limits: ParserLimits;
  readonly device: SessionDevice;
  readonly signal: AbortSignal;
}

/** Estimates the download, memory and time of a run from the model's configuration and the headers of its weights. */
export async function estimateRun(request: EstimateRequest, inputs: EstimateInputs): Promise<Estimate> {
  const { source, limits, device, signal } = inputs;
  const { load, args, memory, measure, adapters: count } = request;
  const kind = kindOfFields(request.config);
  const config = new kind.Config(request.config);
  const begun = await begin(source, load.gguf_file, limits);
  const asked = { ...begun, load, task_type: config.task_type };
  const reads = load.gguf_file === undefined && mayPool(asked);
  const sentences = reads ? await readSentenceModules(source, limits) : undefined;
  const layers = (sentences && plannedPooling({ ...asked, sentences })?.dense) ?? [];
  const download = await downloadOf(source, [begun, ...(await denseWeightFiles(source, layers, limits))]);
  const breather = new Breather(signal);
  const { bindingBytes, joinsSteps } = await factsOf(device);
  const capacity = { bindingBytes, memory };
  const plan = async (
    changed: ResolvedTrainingArguments,
    maxBindingBytes = capacity.bindingBytes,
  ): Promise<RunPlan & { readonly isText: boolean } & Pick<Estimate, 'file'>> => {
    await breather.breathe();
    const loaded = planModel({ ...asked, sentences, maxBindingBytes, joinsSteps });
    const adapters = planAdapters(loaded, { kind, config, count });
    const { task } = loaded.model;
    const run = await planRun({ loaded, adapters, args: changed, maxBindingBytes });
    return { ...run, isText: task.inputs === 'texts', file: planFile(loaded, adapters[0]) };
  };
  try {
    const { gpu, flops, isText, file } = await plan(args);
    const verdict: Verdict = judge(gpu, capacity);
    const bytesOf = async (changed: ResolvedTrainingArguments): Promise<GpuBytes> => (await plan(changed)).gpu;
    const run = { args, bytes: gpu, verdict, capacity, isText, plan: bytesOf };
    const suggestions = await suggest(run);
    const speed = measure ? await productSpeed(await device.executor(), signal) : undefined;
    const step = { flops, seconds: speed && flops / speed };
    return { download, file, gpu, step, ...verdict, suggestions };
  } catch (error) {
    if (!(error instanceof WebVeraError && error.code === 'limit_exceeded')) throw error;
    // Plans the run without a binding limit, to report the memory that it would take.
    const { gpu, flops, file } = await plan(args, Number.MAX_SAFE_INTEGER);
    const step = { flops, seconds: undefined };
    return { download, file, gpu, step, verdict: 'does-not-fit', reasons: [error.message], suggestions: [] };
  }
}

async function begin(source: FileSource, ggufFile: string | undefined, limits: ParserLimits): Promise<Begun> {
  const gguf = await openGguf(source, ggufFile, limits);
  const files = gguf ?? folderFiles(source, limits);
  try {
    const config = await files.config();
    return { config, imageSize: await imageSizeOf(config, files), ...(await files.headers()) };
  } finally {
    await gguf?.close();
  }
}

/**
 * Returns the bytes of the largest buffer that the GPU can bind, and whether programs for it join steps. Without a GPU, returns WebGPU's
 * default limit; `probe` reports the missing GPU.
 */
async function factsOf(
  device: SessionDevice,
): Promise<{ readonly bindingBytes: number; readonly joinsSteps: boolean }> {
  try {
    const adapter = await device.adapter();
    const { bindingBytes } = new DeviceLimits(adapter.limits);
    return { bindingBytes, joinsSteps: !isSoftware(adapterInfo(adapter)) };
  } catch (error) {
    if (error instanceof WebVeraError) return { bindingBytes: LEAST_BINDING, joinsSteps: true };
    throw error;
  }
}

/** Returns the size in bytes of the whole download, and of its cached part. The headers that were just read count as cached. */
async function downloadOf(source: FileSource, weights: readonly WeightFiles[]): Promise<Estimate['download']> {
  const total = weights.reduce((sum, { bytes }) => sum + bytes, await sizeOf(source, TOKENIZER));
  let cached = 0;
  for (const file of [...weights.flatMap(({ files }) => files), TOKENIZER]) {
    cached += (await source.cachedBytes?.(file)) ?? 0;
  }
  return { total, cached };
}

/** Returns the size of a file in bytes; 0 if it is unknown. Doesn't read the file's content. */
async function sizeOf(source: FileSource, file: string): Promise<number> {
  const stream = await source.open(file);
  await stream?.cancel();
  return stream?.size ?? 0;
}
