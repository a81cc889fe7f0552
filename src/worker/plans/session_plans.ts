import { kindNamed } from '../../adapters/adapter_kinds';
import { WebVeraError } from '../../core/errors/error';
import type { FileSource } from '../../core/input/file_source';
import type { Estimate, GpuBytes } from '../../core/types/estimate';
import type { PretrainedConfig, TaskFacts } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { GgufFiles } from '../../formats/gguf/gguf_files';
import { folderFiles } from '../../formats/models/model_files';
import type { WeightHeaders } from '../../formats/models/weights';
import { DeviceLimits } from '../../gpu/device_limits';
import type { SessionDevice } from '../models/device';
import type { ModelSources } from '../models/loading/model_sources';
import type { OpenOptions, PlanCalls } from '../protocol';
import type { Answers } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { planModel } from './plan_model';
import { planAdapter, planRun, type RunPlan } from './plan_run';
import { probeDevice } from './probe_device';
import { productSpeed } from './product_speed';
import { suggest } from './suggest';
import { judge, type Verdict } from './verdict';

/** Bytes that every GPU can bind: WebGPU's default limit. */
const LEAST_BINDING = 128 * 2 ** 20;

const TOKENIZER = 'tokenizer.json';

/** A model's configuration and the headers of its weights. */
interface Begun extends WeightHeaders {
  readonly config: PretrainedConfig;
}

/** The parts of a session that its plans need. */
export interface PlanRoom {
  readonly calls: Calls;
  readonly device: SessionDevice;
  readonly sources: ModelSources;
  readonly options: Pick<OpenOptions, 'store'>;
}

export const planCalls: Answers<PlanCalls, PlanRoom> = {
  probe(call) {
    return this.calls.run(call, () => probeDevice(() => this.device.adapter(), this.options.store));
  },

  estimate(call, from, request) {
    return this.calls.run(call, async (signal) => {
      const { load, args, memory, measure } = request;
      const kind = kindNamed(request.config);
      const config = new kind.Config(request.config);
      const source = this.sources.open(call, from, load, signal);
      const begun = await begin(source, load.gguf_file, this.sources.limits);
      const download = await downloadOf(source, begun);
      const capacity = { bindingBytes: await bindingBytes(this.device), memory };
      const plan = async (
        changed: ResolvedTrainingArguments,
        maxBindingBytes = capacity.bindingBytes,
      ): Promise<RunPlan & Pick<TaskFacts, 'inputs'>> => {
        signal.throwIfAborted();
        const loaded = planModel({ ...begun, load, task_type: config.task_type, maxBindingBytes });
        const adapter = planAdapter(loaded, kind, config);
        const { inputs } = loaded.model.task;
        return { ...(await planRun({ loaded, adapter, args: changed, maxBindingBytes })), inputs };
      };
      try {
        const { gpu, flops, inputs } = await plan(args);
        const verdict: Verdict = judge(gpu, capacity);
        const bytesOf = async (changed: ResolvedTrainingArguments): Promise<GpuBytes> => (await plan(changed)).gpu;
        const run = { args, bytes: gpu, verdict, capacity, isText: inputs === 'texts', plan: bytesOf };
        const suggestions = await suggest(run);
        const speed = measure ? await productSpeed(await this.device.executor(), signal) : undefined;
        const step = { flops, seconds: speed && flops / speed };
        return { download, gpu, step, ...verdict, suggestions };
      } catch (error) {
        if (!(error instanceof WebVeraError && error.code === 'limit_exceeded')) throw error;
        // The memory that the run would take without a binding limit.
        const { gpu, flops } = await plan(args, Number.MAX_SAFE_INTEGER);
        const step = { flops, seconds: undefined };
        return { download, gpu, step, verdict: 'does-not-fit', reasons: [error.message], suggestions: [] };
      }
    });
  },
};

async function begin(source: FileSource, ggufFile: string | undefined, limits: ParserLimits): Promise<Begun> {
  const gguf = ggufFile === undefined ? undefined : new GgufFiles(source, ggufFile, limits);
  const files = gguf ?? folderFiles(source, limits);
  try {
    return { config: await files.config(), ...(await files.headers()) };
  } finally {
    await gguf?.close();
  }
}

/** The largest buffer that the GPU binds. Without a GPU, which `probe` reports, the smallest possible limit. */
async function bindingBytes(device: SessionDevice): Promise<number> {
  try {
    return new DeviceLimits((await device.adapter()).limits).bindingBytes;
  } catch (error) {
    if (error instanceof WebVeraError) return LEAST_BINDING;
    throw error;
  }
}

/** The bytes to download, and those cached already, including the headers that were just read. */
async function downloadOf(source: FileSource, { bytes, files }: WeightHeaders): Promise<Estimate['download']> {
  const total = bytes + (await sizeOf(source, TOKENIZER));
  let cached = 0;
  for (const file of [...files, TOKENIZER]) cached += (await source.cachedBytes?.(file)) ?? 0;
  return { total, cached };
}

/** The size of a file, 0 if unknown. Reads nothing of it. */
async function sizeOf(source: FileSource, file: string): Promise<number> {
  const stream = await source.open(file);
  await stream?.cancel();
  return stream?.size ?? 0;
}
