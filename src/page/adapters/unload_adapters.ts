import type { MergeRequest } from '../../worker/protocol';
import { handleOf, type ModelParts, RemoteModel } from '../models/remote_model';
import { RemoteHandle } from '../rpc/remote_handle';
import { progressbarOf } from '../session/progressbar';
import type { UnloadOptions } from './adapter_options';

/** The model that remains without its adapters, which are merged first if so asked. */
export async function unloadAdapters(
  parts: ModelParts,
  merge: MergeRequest | undefined,
  { progressbar = false, signal }: UnloadOptions = {},
): Promise<RemoteModel> {
  const bar = progressbarOf(progressbar);
  const { link, life, tokenizer } = parts;
  const handle = handleOf(parts);
  const info = await link.call((call) => link.request('unloadAdapters', call, handle, merge), {
    signal,
    onEvent: (event) => {
      if (event.type === 'merge') bar.onProgress(event.done, event.total);
    },
  });
  bar.onEnd();
  return new RemoteModel({ link, place: new RemoteHandle(link, info.model, 'device'), info, tokenizer, life });
}
