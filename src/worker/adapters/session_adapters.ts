import { late } from '../../core/async/late';
import { WebVeraError } from '../../core/errors/error';
import type { LoadedModels } from '../models/loaded_models';
import type { AdapterCalls, AdaptersInfo, Handle, MergeRequest, SessionHost } from '../protocol';
import type { Answers, CallId } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import type { Ready } from '../rpc/ready';
import type { AdapterLoader } from './adapter_loader';
import { ModelAdapters } from './model_adapters';
import type { Merging } from './prepare_merge';

/** Loads the code that mixes adapters. Only the learning method 'refine' uses it. */
export const mixCode = late(async () => await import('./mix_adapters'));

/** The fields of a session that the calls about adapters use. */
export interface AdapterRoom {
  readonly host: SessionHost;
  readonly calls: Calls;
  readonly models: LoadedModels;
  readonly adapters: AdapterLoader;
}

type Change<T> = (model: ModelAdapters, signal: AbortSignal, ready: Ready) => Promise<T>;

/** Answers the calls about adapters. Changes to one model run one after the other. */
export const adapterCalls: Answers<AdapterCalls, AdapterRoom> = {
  createAdapters(handle, name, config, options) {
    return begin(this, undefined, handle, (model) => this.adapters.create(model, name, config, options));
  },

  loadAdapters(call, handle, name, source, options) {
    return begin(this, call, handle, async (model, signal) => {
      await this.adapters.load(model, name, await this.adapters.read(call, source, options, signal), options);
    });
  },

  keepAdapter(handle, name) {
    return this.calls.run(undefined, () => this.adapters.keep(modelOf(this, handle), name));
  },

  reviveAdapters(handle, kept, active) {
    return begin(this, undefined, handle, async (model) => {
      for (const adapter of kept) await this.adapters.revive(model, adapter);
      await model.activate(active);
    });
  },

  loadConfig(call, source, options) {
    return this.calls.run(call, (signal) => this.adapters.readConfig(call, source, options, signal));
  },

  dropAdapters(handle) {
    return drop(this, handle);
  },

  addAdapter(handle, name, config, options) {
    return change(this, undefined, handle, (model) => this.adapters.create(model, name, config, options));
  },

  /** Reads the adapter's files before the change to the model is queued, so that other changes needn't wait for the download. */
  loadAdapter(call, handle, name, source, options) {
    return this.calls.run(call, async (signal) => {
      const { base } = modelOf(this, handle);
      return base.jobs.run('change', signal, async (ending) => {
        const bytes = await this.adapters.read(call, source, options, ending);
        return inTurn(this, call, handle, ending, async (model, _, ready) => {
          await this.adapters.load(model, name, bytes, options, ready);
          return model.info(handle);
        });
      });
    });
  },

  addWeightedAdapter(handle, name, parts, options) {
    return change(this, undefined, handle, async (model, signal) => {
      const names = parts.map(({ adapter_name }) => adapter_name);
      for (const each of names) model.adapter(each, `Adapter ${each} does not exist`);
      await still(this, model, signal, names);
      await this.adapters.addWeighted(model, name, parts, options, signal);
    });
  },

  mixAdapters(handle, name, other, share) {
    return run(this, undefined, handle, async (model, signal) => {
      await still(this, model, signal, [name, other]);
      const { base } = model;
      const { mixAdapters } = await mixCode();
      await mixAdapters(base.runner, model.adapter(name), model.adapter(other), share);
    });
  },

  setAdapter(handle, names) {
    return change(this, undefined, handle, (model) => model.activate(names));
  },

  deleteAdapter(handle, name) {
    return change(this, undefined, handle, (model) => model.delete(name));
  },

  /**
   * Disables adapters after the changes that were requested before, and after the trainings and evaluations that were requested before have
   * begun. Enables adapters at once, so that passes that are requested next use them.
   */
  async enableAdapters(handle, enabled) {
    const model = modelOf(this, handle);
    if (enabled) model.enable(true);
    else await model.inTurn(async () => model.enable(false));
  },

  mergeAdapters(call, handle, request) {
    return change(this, call, handle, async (model, signal, ready) => {
      await still(this, model, signal, request.adapter_names ?? model.active);
      await model.merge(merging(this, call, request, signal), ready);
    });
  },

  unmergeAdapters(handle) {
    return change(this, undefined, handle, (model) => model.unmerge());
  },

  unloadAdapters(call, handle, request) {
    return run(this, call, handle, async (model, signal, ready) => {
      await still(this, model, signal);
      const unloaded = await model.unload(request && merging(this, call, request, signal), ready);
      await drop(this, handle);
      return this.models.info(unloaded);
    });
  },

  deltaWeight(handle, module, adapter) {
    return run(this, undefined, handle, (model) => model.deltaWeight(module, adapter));
  },

  saveAdapter(handle, options) {
    return this.calls.run(undefined, () => this.adapters.save(modelOf(this, handle), options));
  },

  saveConverted(handle, peft_type, parts) {
    return this.calls.run(undefined, () => this.adapters.saveConverted(modelOf(this, handle), peft_type, parts));
  },
};

function modelOf({ models }: AdapterRoom, handle: Handle): ModelAdapters {
  const loaded = models.get(handle);
  if (loaded instanceof ModelAdapters) return loaded;
  throw new WebVeraError('invalid_argument', 'Expected a model with adapters, got a base model', {
    hint: 'Make one with get_peft_model or PeftModel.from_pretrained.',
  });
}

async function drop(room: AdapterRoom, handle: Handle): Promise<void> {
  const model = modelOf(room, handle);
  room.models.delete(handle);
  await model.dispose();
}

/** Waits until no run changes these adapters: until each run that trains one of them is paused or over. Default: the model's adapters. */
function still(
  { models }: AdapterRoom,
  model: ModelAdapters,
  signal: AbortSignal,
  names?: readonly string[],
): Promise<void> {
  const adapters = names?.map((name) => model.adapter(name)) ?? model.adapters;
  return models.training.still(adapters, signal);
}

function merging(
  { host }: AdapterRoom,
  call: CallId,
  { adapter_names, safe_merge }: MergeRequest,
  signal: AbortSignal,
): Merging {
  const onProgress = (done: number, total: number): void => host.emit({ type: 'merge', call, done, total });
  return { names: adapter_names, safe: safe_merge, signal, onProgress };
}

/** Creates a model with adapters over a base model. `fill` adds the adapters. */
function begin(
  { calls, models, adapters }: AdapterRoom,
  call: CallId | undefined,
  handle: Handle,
  fill: (model: ModelAdapters, signal: AbortSignal) => Promise<void>,
): Promise<AdaptersInfo> {
  return calls.run(call, (signal) => {
    const base = models.base(handle);
    return base.jobs.run('new', signal, async (ending) => {
      const model = adapters.open(base);
      try {
        await fill(model, ending);
        return model.info(models.add(model));
      } catch (error) {
        // The page gets no handle with which it could free the adapters that were placed.
        await model.dispose().catch(() => {}); // the first error is the one to report
        throw error;
      }
    });
  });
}

function change(
  room: AdapterRoom,
  call: CallId | undefined,
  handle: Handle,
  body: Change<void>,
): Promise<AdaptersInfo> {
  return run(room, call, handle, async (model, signal, ready) => {
    await body(model, signal, ready);
    return model.info(handle);
  });
}

function run<T>(room: AdapterRoom, call: CallId | undefined, handle: Handle, body: Change<T>): Promise<T> {
  return room.calls.run(call, async (signal) => {
    const { base } = modelOf(room, handle);
    return base.jobs.run('change', signal, (ending) => inTurn(room, call, handle, ending, body));
  });
}

/** Runs a change to a model after the changes that were requested before it. Throws if the model was unloaded meanwhile. */
function inTurn<T>(
  room: AdapterRoom,
  call: CallId | undefined,
  handle: Handle,
  signal: AbortSignal,
  body: Change<T>,
): Promise<T> {
  return modelOf(room, handle).inTurn(() => {
    signal.throwIfAborted();
    return body(modelOf(room, handle), signal, () => room.calls.ready(call, signal));
  });
}
