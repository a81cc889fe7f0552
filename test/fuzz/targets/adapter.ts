import { kindNamed, readAdapterConfig } from '../../../src/adapters/adapter_kinds';
import type { AdapterConfig } from '../../../src/adapters/config/adapter_config';
import type { AdapterTensors, ExpectedTensors } from '../../../src/adapters/files/adapter_tensors';
import { checkAdapterModel } from '../../../src/adapters/files/check_adapter';
import { expectedTensors } from '../../../src/adapters/files/expected_tensors';
import { readAdapterModel } from '../../../src/adapters/files/read_adapter';
import { writeAdapterConfig, writeAdapterModel } from '../../../src/adapters/files/write_adapter';
import { checkRuleSizes } from '../../../src/adapters/targets/matcher';
import { targetWarnings } from '../../../src/adapters/targets/targets';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { attempt, expectSame, type FuzzTarget, headed, partsOf } from '../target';

const warn = (): void => {};
const model = createArchitecture({
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
});

/** The input: adapter_config.json, and the header and tensors of adapter_model.safetensors, for a small Llama. */
export const target: FuzzTarget = {
  name: 'adapter',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded'],
  run(bytes) {
    const [config, header, data] = partsOf(bytes, 3) as [Uint8Array, Uint8Array, Uint8Array];
    const read = readAdapterConfig(config, { warn });
    expectWrittenAgain(read);
    const file = headed(header, data);
    // These checks run when an adapter is imported, before a model is loaded.
    const kind = kindNamed(read);
    attempt(target, () => checkAdapterModel(file, kind, read));
    checkRuleSizes(read);
    const expected = expectedTensors(kind, kind.resolve(read, model, { later: false, warn }), model);
    targetWarnings(read, model.modules);
    expectTensors(readAdapterModel(file, expected, { warn }), expected);
  },
};

function expectWrittenAgain(config: AdapterConfig): void {
  const { rules } = kindNamed(config).Config;
  const again = readAdapterConfig(writeAdapterConfig(config, rules), { warn });
  expectSame('a configuration that is written again', again.to_json(), config.to_json());
}

function expectTensors(read: AdapterTensors, expected: ExpectedTensors): void {
  const facts = ({ parameters, frozen, others }: AdapterTensors): unknown =>
    [parameters, frozen, others].map((tensors) => [...tensors].map(([name, { dims, data }]) => [name, dims, ...data]));
  const again = readAdapterModel(writeAdapterModel(read), expected, { warn });
  expectSame('an adapter that is written again', facts(again), facts(read));
}
