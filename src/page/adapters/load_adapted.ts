import type { AdaptersInfo } from '../../worker/protocol';
import type { ModelParts, PreTrainedModel } from '../models/remote_model';
import { type AdapterSource, wireAdapterSource } from '../models/source_options';
import { expectOwnSession } from '../session/default_session';
import { expectBase } from './adapted_model';
import { type LoadArguments, loadArguments } from './adapter_arguments';
import { wireLoad } from './adapter_options';
import type { PageKind } from './page_kind';

/** Adds a saved adapter of one of these kinds to a base model. `what`: the function's name in error messages. */
export async function loadAdapted(
  what: string,
  kinds: readonly PageKind[],
  model: PreTrainedModel,
  [source, ...args]: readonly [AdapterSource, ...LoadArguments],
): Promise<{ readonly base: ModelParts; readonly info: AdaptersInfo }> {
  const { adapter_name, ...options } = loadArguments(what, args, kinds);
  const base = expectBase(model);
  const { link, place } = base;
  expectOwnSession(what, link, options.session);
  const [from, wire] = [wireAdapterSource(source), wireLoad(options, kinds)];
  const peft_types = kinds.map(({ Config }) => Config.rules.peft_type);
  const info = await link.call(
    (call) => link.request('loadAdapters', call, place.handle, adapter_name, from, { ...wire, peft_types }),
    { ...options, discard: (late) => link.request('dropAdapters', late.model) },
  );
  return { base, info };
}
