import { fromAnotherCopy } from '../session/another_copy';
import { wrong } from '../session/options';
import { RemoteModel } from './remote_model';

/** Returns a model of this library. Throws `invalid_argument` for any other value. */
export function expectModel(model: unknown): RemoteModel {
  if (model instanceof RemoteModel) return model;
  const hint = "Load it first: const model = await AutoModelForCausalLM.from_pretrained('org/name').";
  const copied = fromAnotherCopy(model, RemoteModel.name);
  throw wrong('model', 'a model from AutoModelForCausalLM.from_pretrained', model, copied ?? hint);
}
