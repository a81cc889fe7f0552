import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ExpectedOther } from '../../../../src/adapters/files/adapter_tensors';
import { readAdapterModel } from '../../../../src/adapters/files/read_adapter';
import { writeAdapterModel } from '../../../../src/adapters/files/write_adapter';
import { packParameters, parameterShapes, unpackParameters } from '../../../../src/adapters/pool/pool_layout';
import { generateProjections } from '../../../../src/adapters/vera/projections/projections';
import { VERA_A, VERA_B } from '../../../../src/adapters/vera/vera_files';
import { layoutVectors } from '../../../../src/adapters/vera/vera_layout';
import { resolveVeraTargets } from '../../../../src/adapters/vera/vera_targets';
import { defaultLimits } from '../../../../src/core/types/source';
import { readSafetensors, writeSafetensors } from '../../../../src/formats/tensors/safetensors';
import { goldenNames, isLlama } from '../../../helpers/golden/golden_index';
import { moduleList } from '../../../helpers/maths/module_lists';
import { bytesOf, caseOf, expectedOf } from './golden_files';
import { readVeraConfig, veraExpected, writeVeraConfig } from './vera_expected';

const CASES = goldenNames(isLlama);

describe.each(['opt_bias_mid', 'qwen2_bias_mid'])("PEFT's files of %s, with trained biases", (name) => {
  const biases = Object.entries(caseOf(name).trainable)
    .filter(([key]) => key.endsWith('.base_layer.bias'))
    .map(([key, shape]): [string, ExpectedOther] => [key, { shape, kind: 'bias' }]);
  const expected = { ...expectedOf(name, true), others: new Map(biases) };

  test('are the same after reading and writing', () => {
    const bytes = bytesOf(`${name}/adapter/adapter_model.safetensors`);
    const read = readAdapterModel(bytes, expected);
    expect(read.others.size).toBeGreaterThan(5);
    expect([...read.others.keys()]).toEqual(biases.map(([key]) => key));
    expect(Buffer.from(writeAdapterModel(read)).equals(bytes)).toBe(true);
  });

  test('lack the biases when a release up to 0.20.0 wrote them, with a warning', () => {
    const warnings: string[] = [];
    const { tensors, metadata } = readSafetensors(bytesOf(`${name}/adapter/adapter_model.safetensors`));
    const lambda = [...tensors].filter(([key]) => !key.endsWith('.base_layer.bias'));
    expect(lambda.length).toBe(tensors.size - biases.length);
    const bytes = writeSafetensors(lambda, metadata);
    const read = readAdapterModel(bytes, expected, { warn: ({ message }) => warnings.push(message) });
    expect(read.others.size).toBe(0);
    const keys = biases.map(([key]) => `'${key}'`).join(', ');
    expect(warnings).toEqual([`Found missing adapter keys while loading the checkpoint: [${keys}].`]);
    expect(Buffer.from(writeAdapterModel(read)).equals(bytes)).toBe(true);
  });
});

describe.each(CASES)("PEFT's files of %s", (name) => {
  test.each([
    ['adapter', true],
    ['adapter_noproj', false],
  ] as const)('%s/adapter_model.safetensors is the same after reading and writing', (folder, saved) => {
    const bytes = bytesOf(`${name}/${folder}/adapter_model.safetensors`);
    const read = readAdapterModel(bytes, expectedOf(name, saved));
    expect(read.frozen.size).toBe(saved ? 2 : 0);
    expect(Buffer.from(writeAdapterModel(read)).equals(bytes)).toBe(true);
    expect(Object.fromEntries([...read.parameters].map(([key, { dims }]) => [key, dims]))).toEqual(
      Object.fromEntries(Object.entries(caseOf(name).saved_keys).filter(([key]) => !/vera_[AB]$/.test(key))),
    );
  });

  test.each(['adapter', 'adapter_noproj'])(
    '%s/adapter_config.json is the same but for peft_version and the order of a set',
    (folder) => {
      const bytes = bytesOf(`${name}/${folder}/adapter_config.json`);
      const written = new TextDecoder().decode(writeVeraConfig(readVeraConfig(bytes)));
      const text = new TextDecoder().decode(bytes).replace(/ {2}"peft_version": .*\n/, '');
      expect(written).toBe(
        text.replace(/("target_modules": \[\n)([^\]]*)(\n {2}\])/, (_, open, list, close) => {
          const lines = String(list).split(',\n');
          return open + lines.sort().join(',\n') + close;
        }),
      );
    },
  );

  test('holds the vectors and projections that the configuration gives for the model', () => {
    const base = caseOf(name).base.replace('base/', '');
    const config = readVeraConfig(bytesOf(`${name}/adapter/adapter_config.json`));
    const facts = { ...moduleList('base/llama').facts, output_embedding: 'lm_head' };
    const { modules, max_in, max_out } = resolveVeraTargets(config, linearsOf(base), facts);
    const layout = layoutVectors(modules, config.r);
    const { r, save_projection } = config;
    const expected = veraExpected({ r, save_projection, max_in, max_out, vectors: parameterShapes(layout) });
    const read = readAdapterModel(bytesOf(`${name}/adapter/adapter_model.safetensors`), expected);
    expect(unpackParameters(layout, packParameters(layout, read.parameters))).toEqual(read.parameters);
    // PEFT loaded every golden base in float32, so A and B aren't rounded.
    const { A, B } = generateProjections({ ...config, max_in, max_out });
    expect(read.frozen).toEqual(
      new Map([
        [VERA_A, { dims: [config.r, max_in], data: A }],
        [VERA_B, { dims: [max_out, config.r], data: B }],
      ]),
    );
  });
});

/** Returns the linear layers of a golden Llama, with the names and shapes in its weights file. */
function linearsOf(base: string) {
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(`test/golden/base/${base}/model.safetensors`)));
  return [...tensors]
    .filter(([key, { shape }]) => shape.length === 2 && !key.includes('embed'))
    .map(([key, { shape }]) => ({
      name: key.replace(/\.weight$/, ''),
      type: 'Linear',
      in_features: shape[1] ?? 0,
      out_features: shape[0] ?? 0,
    }))
    .sort((a, b) => moduleOrder(a.name) - moduleOrder(b.name));
}

function moduleOrder(name: string): number {
  return moduleList('base/llama').modules.findIndex((module) => module.name === name);
}

describe('readAdapterConfig', () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  test('passes warnings on', () => {
    const warnings: string[] = [];
    readVeraConfig(encode('{"peft_type": "VERA", "made_by": 1}'), { warn: ({ message }) => warnings.push(message) });
    expect(warnings).toEqual([
      expect.stringMatching(/^Unexpected keyword arguments \['made_by'\] for class VeraConfig/),
    ]);
  });

  test.each(['', '{', '[]', '{"peft_type": "VERA"', '{"peft_type": "VERA", "d_initial": NaN}'])(
    'refuses %j',
    (text) => {
      expect(() => readVeraConfig(encode(text))).toThrow(expect.objectContaining({ code: 'invalid_format' }));
    },
  );

  test('refuses a file above the limit', () => {
    const limits = { ...defaultLimits, json: 10 };
    expect(() => readVeraConfig(encode('{"peft_type": "VERA"}'), { limits })).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});
