import type { AdaptersInfo, KeptAdapter } from '../../worker/protocol';
import { disposedError, type ModelParts } from '../models/remote_model';
import { Revivable } from '../models/revivable';
import type { RemoteHandle } from '../rpc/remote_handle';
import { AdapterKeeper } from './adapter_keeper';

/** The state of a model with adapters when it was lost. */
export interface Standing {
  readonly active: readonly string[];
  /** Adapters are switched off for the moment. */
  readonly isDisabled: boolean;
}

/** Restores a model with adapters that was lost during a run, over its base model: with the adapters as the run began with them. */
export class AdaptersRevival {
  readonly revivable: Revivable;
  readonly keeper: AdapterKeeper;

  constructor(
    base: ModelParts,
    place: RemoteHandle,
    names: readonly string[],
    standing: () => Standing,
    onMade: (info: AdaptersInfo) => void,
  ) {
    const { link, life } = base;
    const keep = async (name: string): Promise<KeptAdapter> => link.request('keepAdapter', place.handle, name);
    this.keeper = new AdapterKeeper(names, keep, () => place.loss !== undefined);
    this.revivable = new Revivable(place, async (signal) => {
      if (base.revivable === undefined) throw place.loss;
      await base.revivable.revive(signal);
      const kept = await this.keeper.all();
      const info = await link.request('reviveAdapters', base.place.handle, kept, standing().active);
      const { model } = info;
      let isEnabled = true;
      // A body that runs without adapters may end meanwhile.
      while (standing().isDisabled === isEnabled) {
        isEnabled = !isEnabled;
        await link.request('enableAdapters', model, isEnabled);
      }
      if (life.disposed) {
        await link.request('disposeModel', base.place.handle);
        throw disposedError();
      }
      if (base.place.loss !== undefined) throw base.place.loss;
      place.move(model);
      onMade(info);
    });
  }
}
