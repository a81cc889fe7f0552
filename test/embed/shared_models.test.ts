import { expect, test, vi } from 'vitest';
import { type LoadHandling, SharedModels } from '../../src/embed/shared_models';
import type { PreTrainedModel, ProgressInfo, Session } from '../../src/index';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';

const session = {} as Session;
const handling = (): LoadHandling & { readonly abort: AbortController; readonly heard: ProgressInfo[] } => {
  const abort = new AbortController();
  const heard: ProgressInfo[] = [];
  return { abort, heard, signal: abort.signal, progress_callback: (info) => heard.push(info) };
};

/** Makes a function that loads models. The test decides when each load finishes or fails. */
function loader() {
  const loads: {
    finish: () => void;
    fail: (error: unknown) => void;
    handling: LoadHandling;
    model: PreTrainedModel;
  }[] = [];
  const load = (given: LoadHandling): Promise<PreTrainedModel> => {
    const { promise, resolve, reject } = withResolvers<PreTrainedModel>();
    const model = { dispose: vi.fn(async () => {}) } as unknown as PreTrainedModel;
    loads.push({ finish: () => resolve(model), fail: reject, handling: given, model });
    given.signal.addEventListener('abort', () => reject(given.signal.reason));
    return promise;
  };
  return { load, loads };
}

test('a model is loaded once for all holders, and freed by the last one', async () => {
  const { load, loads } = loader();
  const models = new SharedModels();
  const [one, other] = [handling(), handling()];
  const leases = [models.take(session, 'm', load, one), models.take(session, 'm', load, other)];
  expect(loads).toHaveLength(1);
  const info: ProgressInfo = { status: 'ready', model: 'm' };
  loads[0]?.handling.progress_callback(info);
  expect([one.heard, other.heard]).toEqual([[info], [info]]);
  loads[0]?.finish();
  const [first, second] = await Promise.all(leases);
  expect(first?.model).toBe(second?.model);

  await first?.release();
  await first?.release(); // counts once
  expect(first?.model.dispose).not.toHaveBeenCalled();
  await second?.release();
  expect(first?.model.dispose).toHaveBeenCalledTimes(1);

  const again = models.take(session, 'm', load, handling());
  expect(loads).toHaveLength(2);
  loads[1]?.finish();
  expect((await again).model).not.toBe(first?.model);
});

test('another key or session has a model of its own', async () => {
  const { load, loads } = loader();
  const models = new SharedModels();
  void models.take(session, 'm', load, handling());
  void models.take(session, 'n', load, handling());
  void models.take({} as Session, 'm', load, handling());
  expect(loads).toHaveLength(3);
});

test('loading continues while a holder waits for it, and stops with the last one', async () => {
  const { load, loads } = loader();
  const models = new SharedModels();
  const [one, other] = [handling(), handling()];
  const [first, second] = [models.take(session, 'm', load, one), models.take(session, 'm', load, other)];
  one.abort.abort('gone');
  await expect(first).rejects.toBe('gone');
  expect(loads[0]?.handling.signal.aborted).toBe(false);
  other.abort.abort('gone too');
  await expect(second).rejects.toBe('gone too');
  expect(loads[0]?.handling.signal.aborted).toBe(true);
  await expect(models.take(session, 'm', load, one)).rejects.toBe('gone');
  expect(loads).toHaveLength(1);
});

test('a model that failed or broke is loaded again by the next holder', async () => {
  const { load, loads } = loader();
  const models = new SharedModels();
  const [first, second] = [handling(), handling()].map((each) => models.take(session, 'm', load, each));
  const error = new Error('no such file');
  loads[0]?.fail(error);
  await expect(first).rejects.toBe(error);
  await expect(second).rejects.toBe(error);

  const third = models.take(session, 'm', load, handling());
  const fourth = models.take(session, 'm', load, handling());
  expect(loads).toHaveLength(2);
  loads[1]?.finish();
  await (await third).release({ broken: true });
  const fifth = models.take(session, 'm', load, handling());
  expect(loads).toHaveLength(3);
  loads[2]?.finish();
  await (await fourth).release(); // releases the broken model; the new model stays
  expect(loads[1]?.model.dispose).toHaveBeenCalledTimes(1);
  expect((await fifth).model.dispose).not.toHaveBeenCalled();
  const sixth = await models.take(session, 'm', load, handling());
  expect(sixth.model).toBe((await fifth).model);
});

test('a model that arrives just after its last holder left is freed', async () => {
  const { load, loads } = loader();
  const one = handling();
  const taken = new SharedModels().take(session, 'm', load, one);
  loads[0]?.finish();
  one.abort.abort('gone');
  await expect(taken).rejects.toBe('gone');
  await eventually(() => expect(loads[0]?.model.dispose).toHaveBeenCalledTimes(1));
});
