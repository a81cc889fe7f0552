import { readSentenceModules } from '../../../src/formats/models/sentence_modules';
import { MemorySource } from '../../helpers/session/memory_source';
import type { FuzzTarget } from '../target';

const limits = { json: 2 ** 20 };

/** The input: bytes used as modules.json, and as the content of each settings file. */
export const target: FuzzTarget = {
  name: 'sentence_modules',
  codes: ['invalid_format', 'limit_exceeded'],
  async run(bytes) {
    const list = new TextEncoder().encode(
      JSON.stringify([
        { type: 'sentence_transformers.models.Transformer', path: '' },
        { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
        { type: 'sentence_transformers.models.Dense', path: '2_Dense' },
      ]),
    );
    const settings = {
      'sentence_bert_config.json': bytes,
      'config_sentence_transformers.json': bytes,
      '1_Pooling/config.json': bytes,
      '2_Dense/config.json': bytes,
    };
    const found = [
      await attempt({ 'modules.json': bytes, ...settings }),
      await attempt({ 'modules.json': list, ...settings }),
    ];
    for (const error of found) if (error !== undefined) throw error;
  },
};

async function attempt(files: Readonly<Record<string, Uint8Array>>): Promise<unknown> {
  try {
    const { pooling } = (await readSentenceModules(new MemorySource(files), limits)) ?? {};
    if (pooling?.modes.length === 0) throw new Error('got no mode of pooling');
    return undefined;
  } catch (error) {
    return error;
  }
}
