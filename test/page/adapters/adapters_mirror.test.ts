import { expect, test } from 'vitest';
import { veraInfo } from '../session/open_session';
import { config, openVera } from './open_vera';

test('a state that the page can’t read changes nothing', async () => {
  const other = { ...config, peft_type: 'OTHER' };
  const unreadable = { ...veraInfo({ default: { ...config }, b: other }, ['b']), parameters: { trainable: 1, all: 2 } };
  const { vera } = await openVera({ addAdapter: async () => unreadable });
  const facts = () => ({
    configs: vera.peft_config,
    active: vera.active_adapters,
    parameters: vera.get_nb_trainable_parameters(),
    status: vera.get_model_status(),
  });
  const before = facts();
  await expect(vera.add_adapter('b', config)).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(facts()).toEqual(before);
});
