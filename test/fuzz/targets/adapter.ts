import { checkRuleSizes } from '../../../src/adapters/matcher';
import { targetWarnings } from '../../../src/adapters/targets';
import type { VeraConfig } from '../../../src/adapters/vera/config';
import {
  type AdapterTensors,
  type ExpectedTensors,
  readAdapterConfig,
  readAdapterModel,
  writeAdapterConfig,
  writeAdapterModel,
} from '../../../src/formats/peft/peft';
import { checkAdapterModel } from '../../../src/formats/peft/peft_check';
import { createArchitecture } from '../../../src/tasks/registry';
import { resolveAdapter } from '../../../src/worker/adapters/resolve_adapter';
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

/** adapter_config.json, and the header and the tensors of adapter_model.safetensors, over a small Llama. */
export const target: FuzzTarget = {
  name: 'adapter',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded'],
  run(bytes) {
    const [config, header, data] = partsOf(bytes, 3) as [Uint8Array, Uint8Array, Uint8Array];
    const read = readAdapterConfig(config, { warn });
    expectWrittenAgain(read);
    const file = headed(header, data);
    // As it is imported, without its model.
    attempt(target, () => checkAdapterModel(file, read));
    checkRuleSizes(read);
    const { expected } = resolveAdapter(read, model, { warn });
    targetWarnings(read, model.modules);
    expectTensors(readAdapterModel(file, expected, { warn }), expected);
  },
};

function expectWrittenAgain(config: VeraConfig): void {
  const again = readAdapterConfig(writeAdapterConfig(config), { warn });
  expectSame('a configuration that is written again', again.to_json(), config.to_json());
}

function expectTensors(read: AdapterTensors, expected: ExpectedTensors): void {
  const facts = ({ vectors, projections, others }: AdapterTensors): unknown => [
    [...vectors].map(([name, data]) => [name, ...data]),
    projections && [...projections.A.data, ...projections.B.data],
    [...others].map(([name, { dims, data }]) => [name, dims, ...data]),
  ];
  const again = readAdapterModel(writeAdapterModel(read), expected, { warn });
  expectSame('an adapter that is written again', facts(again), facts(read));
}
