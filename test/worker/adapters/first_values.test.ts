import { expect, test } from 'vitest';
import { LoraConfig } from '../../../src/adapters/lora/config/lora_config';
import { loraKind } from '../../../src/adapters/lora/kind';
import { initialMatrices } from '../../../src/adapters/lora/lora_init';
import { unpackParameters } from '../../../src/adapters/pool/pool_layout';
import { seedOf } from '../../../src/core/numbers/rng';
import { folderFiles } from '../../../src/formats/models/model_files';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import { AdapterPlacer } from '../../../src/worker/adapters/adapter_placer';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import { FakeRunner } from '../../helpers/session/fake_runner';

class WritingRunner extends FakeRunner {
  readonly written = new Map<Value, Float32Array>();

  override write(value?: Value, data?: ArrayBufferView): void {
    if (value !== undefined && data instanceof Float32Array) this.written.set(value, data.slice());
  }
}

test('first values are drawn by the seed, else by the name, after the page was informed of their number', async () => {
  const runner = new WritingRunner();
  const files = folderFiles(openSource(seededFiles(smallConfigs.llama)));
  const loaded = await loadModel(files, runner, { dtype: 'float32', onUpload: () => {} });
  const told: number[] = [];
  const announce = (numbers: number): number => told.push(numbers);
  const placer = new AdapterPlacer({ runner, loaded, frozen: () => undefined, announce });
  const resolved = loraKind.resolve(new LoraConfig({ r: 2 }), loaded.model, { later: false });
  const { config, layout } = resolved;
  const plan = { kind: loraKind, name: 'ada', key: 'ada', resolved, trainable: true, tensors: undefined };
  const drawn = async (options: Readonly<Record<string, unknown>>): Promise<Float32Array> => {
    const { pool } = await placer.place({ ...plan, options }, []);
    return runner.written.get(pool)!;
  };
  expect(await drawn({ seed: 5 })).toEqual(initialMatrices(layout, config, 5));
  expect(await drawn({})).toEqual(initialMatrices(layout, config, seedOf('ada')));
  expect(told).toEqual([layout.length, layout.length]);

  const values = initialMatrices(layout, config, 6);
  const parameters = unpackParameters(layout, values);
  const tensors = { parameters, frozen: new Map(), others: new Map() };
  const { pool } = await placer.place({ ...plan, options: {}, tensors }, []);
  expect(runner.written.get(pool)).toEqual(values);
  expect(told).toHaveLength(2);
});
