import type { AdapterKind } from '../adapter';
import { veraLayers } from './layers';
import { VeraRows } from './rows';
import { trainingLayers } from './training_layers';
import type { VeraAdapter } from './vera_adapter';

export const veraKind: AdapterKind<VeraAdapter> = {
  peft_type: 'VERA',
  layers: veraLayers,
  rows: (adapters, B) => new VeraRows(adapters, B),
  trainingLayers,
};
