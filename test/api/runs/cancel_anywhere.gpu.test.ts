import { describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, type TrainEvent, type VeraModel } from '../../../src/index';
import { expectWithin } from '../../helpers/clock';
import { eventually } from '../../helpers/eventually';
import { loadTinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, pass, tinyTrainer } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { type TestSession, within } from '../../helpers/session/session';

oneBrowser();

/** Begins work, calls `abort` while it is in progress, and returns the promise that must reject. */
type Stage = (opened: TestSession, model: VeraModel, signal: AbortSignal, abort: () => void) => PromiseLike<unknown>;

/** Returns a stage that trains, and aborts the run at the first event that `when` accepts. */
const runUntil =
  (when: (event: TrainEvent) => boolean, args: object = {}): Stage =>
  (_, model, signal, abort) => {
    const run = tinyTrainer(model, { args: { max_steps: 2000, ...args } }).train({ signal });
    void (async () => {
      for await (const event of run) if (when(event)) abort();
    })().catch(() => {});
    return run;
  };

const stages: Readonly<Record<string, Stage>> = {
  download: ({ session }, _, signal, abort) => {
    setTimeout(abort, 20);
    return AutoModelForCausalLM.from_pretrained(new URL('https://models.example/none/'), { session, signal });
  },
  data: (_, model, signal, abort) => {
    async function* never() {
      abort();
      await new Promise(() => {});
      yield { text: '' };
    }
    return tinyTrainer(model, { train_dataset: never() }).train({ signal });
  },
  compile: (opened, model, signal, abort) => {
    const before = opened.calls('createComputePipelineAsync');
    const timer = setInterval(() => {
      if (opened.calls('createComputePipelineAsync') > before) abort();
    }, 1);
    const run = tinyTrainer(model, { args: { max_steps: 2000 } }).train({ signal });
    run.then(null, () => clearInterval(timer));
    return run;
  },
  step: runUntil(({ type }) => type === 'log'),
  save: runUntil(({ type }) => type === 'save', { save_steps: 1 }),
  'a save that takes long': (opened, model, signal, abort) => {
    const run = tinyTrainer(model, { args: { max_steps: 2000, save_steps: 1 } }).train({ signal });
    void (async () => {
      for await (const { type } of run) {
        if (type !== 'save') continue;
        opened.delayReads(3000);
        setTimeout(abort, 50);
      }
    })().catch(() => {});
    return run;
  },
  pause: (_, model, signal, abort) => {
    const run = tinyTrainer(model, { args: { max_steps: 2000 } }).train({ signal });
    void run.pause().then(abort);
    return run;
  },
  recovery: (opened, model, signal, abort) => {
    opened.session.addEventListener('statechange', () => {
      if (opened.session.state === 'recovering') abort();
    });
    return runUntil((event) => {
      if (event.type === 'log') opened.lose('the driver crashed');
      return false;
    })(opened, model, signal, abort);
  },
  generation: (_, model, signal, abort) => {
    const text = model.generate([3, 4], { max_new_tokens: 2000, eos_token_id: null, signal });
    void (async () => {
      for await (const _token of text) abort();
    })().catch(() => {});
    return text;
  },
};

/** A server that never answers. */
const fetch: typeof globalThis.fetch = (_, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });

describe('a call that is cancelled', () => {
  test.each(Object.entries(stages))('during %s rejects within a second, and leaves nothing', async (_, begin) => {
    await within({ store: 'auto', fetch }, async (opened) => {
      const model = await loadTinyVera(opened);
      const controller = new AbortController();
      const reason = new Error('enough');
      let asked = 0;
      const abort = (): void => {
        asked ||= performance.now();
        controller.abort(reason);
      };
      await expect(Promise.resolve(begin(opened, model, controller.signal, abort))).rejects.toBe(reason);
      expectWithin(1000, performance.now() - asked);
      opened.delayReads(0);
      const again = await loadTinyVera(opened);
      await expectToTrain(again);
      await again.dispose();
      await model.dispose();
      // Cancelled work may need a moment to end.
      await eventually(() => expect(opened.liveBytes()).toBe(0));
      await pass(10);
      expect(opened.session.state).toBe('ready');
    });
  });
});
