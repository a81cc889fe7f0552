import { expect, test } from 'vitest';
import { otherParameter } from '../../../src/adapters/files/adapter_tensors';

const HEAD = 'base_model.model.lm_head';

test.each<[string, Parameters<typeof otherParameter>[1], string]>([
  [`${HEAD}.weight`, { kind: 'module' }, `${HEAD}.modules_to_save.default.weight`],
  [`${HEAD}.dense.weight`, { kind: 'module', root: HEAD }, `${HEAD}.modules_to_save.default.dense.weight`],
  ['base_model.model.q.base_layer.bias', { kind: 'bias' }, 'base_model.model.q.base_layer.bias'],
])('torch names %s, which trains as %j', (saved, trainedAs, name) => {
  expect(otherParameter(saved, trainedAs, 'default')).toBe(name);
});
