import { beforeEach, describe, expect, test, vi } from 'vitest';
import { errorFromData } from '../../../src/core/types/wire';
import { ChatThread, type ChatWorkerLike } from '../../../src/page/rpc/chat_thread';
import { fetchWorkerScript } from '../../../src/page/rpc/worker_script';
import { Replay } from '../../../src/page/training/replay';
import { newWorld, settled, type World } from '../learner_world';

let world: World;
beforeEach(() => {
  world = newWorld();
});

describe('a conversation without a worker for chat templates', () => {
  const request = { url: 'https://page.example/chat_worker.js', integrity: 'sha384-a' };
  const fetch = async (): Promise<Response> => new Response(null, { status: 404 });
  const broken = (): ChatWorkerLike => {
    const worker = Object.assign(new EventTarget(), { postMessage: () => {}, terminate: () => {} });
    setTimeout(() => worker.dispatchEvent(new Event('error', { cancelable: true })));
    return worker;
  };

  test.each<[code: string, start: () => ChatWorkerLike | Promise<never>]>([
    ['not_found', async () => Promise.reject(await fetchWorkerScript({ ...request, fetch }).catch((error) => error))],
    ['worker_crashed', broken],
  ])('is reported, and leaves the model in use: %s', async (code, start) => {
    const outcome = await new ChatThread(start).render({ source: '', strings: {} } as never, {} as never);
    const error = 'error' in outcome ? errorFromData(outcome.error) : undefined;
    expect(error).toMatchObject({ code });
    const learner = world.learner();
    await learner.load();
    const tokens = new Replay<never>();
    tokens.fail(error);
    const generation = { [Symbol.asyncIterator]: () => tokens[Symbol.asyncIterator]() };
    vi.spyOn(world.profiles.last, 'generate').mockReturnValue(generation as never);
    void learner.generate([{ role: 'user', content: 'Good morning' }]);
    await settled();
    expect(world.heard('error')).toEqual([error]);
    expect(learner.status.state).toBe('ready');
    expect(learner.visit?.model).toBe(world.models[0]);
  });
});
