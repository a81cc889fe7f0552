import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { serveChats } from '../../../src/chat/serve_chats';
import type { ChatOutcome } from '../../../src/core/types/chat';
import { VERSION } from '../../../src/core/version';
import { ChatThread, type ChatWorkerLike } from '../../../src/page/rpc/chat_thread';
import { type Connection, connectWorker } from '../../../src/page/rpc/connection';
import type { SessionHost } from '../../../src/worker/protocol';
import { serve } from '../../../src/worker/rpc/serve';
import { chatOf, hello } from '../../helpers/chats';
import { silentWorker } from '../../worker/fake_worker';

/** A fake worker in this thread. `serve` does the worker's part. */
class FakeChatWorker extends EventTarget implements ChatWorkerLike {
  readonly scope = new EventTarget();
  terminated = false;

  constructor(serve: (worker: FakeChatWorker) => void) {
    super();
    serve(this);
  }

  postMessage(message: unknown): void {
    deliver(this.scope, message);
  }

  /** Sends a message from the worker's side. */
  say(news: unknown): void {
    if (!this.terminated) deliver(this, news);
  }

  terminate(): void {
    this.terminated = true;
  }
}

function deliver(target: EventTarget, data: unknown): void {
  setTimeout(() => target.dispatchEvent(new MessageEvent('message', { data: structuredClone(data) })));
}

/** Answers like the real chat_worker.js. */
function real(worker: FakeChatWorker): void {
  serveChats({
    postMessage: (news) => worker.say(news),
    addEventListener: (type, listener) =>
      worker.scope.addEventListener(type, (event) => listener(event as MessageEvent<unknown>)),
  });
}

/** Reports that the worker is ready, and never answers. */
const stuck = (worker: FakeChatWorker): void => worker.say({ version: VERSION });

/** Makes a chat thread. Each time it starts a worker, it gets the next of these. */
function threadOf(...serves: readonly ((worker: FakeChatWorker) => void)[]) {
  const started: FakeChatWorker[] = [];
  const thread = new ChatThread(() => {
    const next = serves[started.length];
    if (next === undefined) throw new Error('there are no more workers');
    const worker = new FakeChatWorker(next);
    started.push(worker);
    return worker;
  });
  return { thread, started };
}

const template = { source: '{{ messages[0].content }}', tokens: {} };
const written: ChatOutcome = { rendered: { text: 'Hello', turns: [], uncertain: 0 } };

describe('the worker that chat templates run in', () => {
  test('starts with the first conversation, and serves all of them', async () => {
    const { thread, started } = threadOf(real);
    expect(started).toHaveLength(0);
    const chats = [1, 2, 3].map(() => thread.render(template, chatOf(hello)));
    expect(await Promise.all(chats)).toEqual([written, written, written]);
    expect(started).toHaveLength(1);
    thread.end();
    await expect.poll(() => started[0]?.terminated).toBe(true);
  });

  test('reports errors of a template, and continues', async () => {
    const { thread, started } = threadOf(real);
    const wrong = await thread.render({ ...template, source: "{{ raise_exception('No') }}" }, chatOf(hello));
    expect(wrong).toMatchObject({ error: { code: 'invalid_argument', message: expect.stringContaining('"No"') } });
    expect(await thread.render(template, chatOf(hello))).toEqual(written);
    expect(started).toHaveLength(1);
  });

  test('is ended with its session, and no other one is started', async () => {
    const { thread, started } = threadOf(real, real);
    thread.end();
    expect(await thread.render(template, chatOf(hello))).toMatchObject({ error: { code: 'worker_crashed' } });
    expect(started).toHaveLength(0);
  });

  test.each<[string, (worker: FakeChatWorker) => void]>([
    [
      'can not be loaded',
      (worker) => void setTimeout(() => worker.dispatchEvent(new Event('error', { cancelable: true }))),
    ],
    ['is of another version', (worker) => worker.say({ version: '0.0.1' })],
  ])('that %s is reported, and started again', async (_, broken) => {
    const { thread, started } = threadOf(broken, real);
    expect(await thread.render(template, chatOf(hello))).toMatchObject({
      error: { code: 'worker_crashed', hint: expect.stringMatching(/^Reload the page: .*chat_worker\.js/) },
    });
    expect(await thread.render(template, chatOf(hello))).toEqual(written);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, false]);
  });
});

describe('a template that gets it stuck', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('ends within three seconds, and another worker takes its place', async () => {
    const { thread, started } = threadOf(stuck, real);
    const late = thread.render(template, chatOf(hello));
    const next = thread.render(template, chatOf(hello));
    await vi.advanceTimersByTimeAsync(3000);
    expect(await late).toMatchObject({ error: { code: 'timeout' } });
    expect(await next).toEqual(written);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, false]);
  });

  test('a worker that never gets ready is ended', async () => {
    const { thread } = threadOf(() => {});
    let isOver = false;
    const outcome = thread.render(template, chatOf(hello)).finally(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await outcome).toMatchObject({ error: { code: 'worker_crashed' } });
  });
});

describe("a session's worker", () => {
  const emit = (): void => {};

  async function connected(chats?: ChatThread): Promise<{ host: SessionHost; connection: Connection }> {
    const { worker, scope, locks } = silentWorker();
    let host: SessionHost | undefined;
    const create = (given: SessionHost) => {
      host = given;
      return { invoke: async () => {} };
    };
    void serve(create, scope);
    const options = { locks: locks.manager, ...(chats && { chats }) };
    const connection = await connectWorker(worker, { emit, onDeath: emit }, options);
    if (host === undefined) throw new Error('expected a session');
    return { host, connection };
  }

  test('renders its conversations in the chat worker', async () => {
    const { thread, started } = threadOf(real);
    const { host, connection } = await connected(thread);
    const chats = ['a', 'b'].map((source) => host.renderChat?.({ source, tokens: {} }, chatOf(hello)));
    expect(await Promise.all(chats)).toMatchObject([{ rendered: { text: 'a' } }, { rendered: { text: 'b' } }]);
    void connection.terminate();
    await expect.poll(() => started[0]?.terminated).toBe(true);
  });
});
