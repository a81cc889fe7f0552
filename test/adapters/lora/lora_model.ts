import { ADAPTER_KINDS } from '../../../src/adapters/adapter_kinds';
import { AdaptedModel } from '../../../src/page/adapters/adapted_model';
import type { PageKind } from '../../../src/page/adapters/page_kind';
import { PAGE_KINDS } from '../../../src/page/adapters/page_kinds';
import { type ModelParts, partsKey } from '../../../src/page/models/remote_model';
import type { AdaptersInfo } from '../../../src/worker/protocol';
import { LoraConfig } from './lora_config';
import { loraKind } from './lora_kind';

export class LoraModel extends AdaptedModel<LoraConfig> {
  static override readonly name = 'LoraModel';

  static create(base: ModelParts, info: AdaptersInfo): LoraModel {
    return new LoraModel(partsKey, base, info, LORA_PAGE_KIND);
  }
}

const LORA_PAGE_KIND: PageKind<LoraConfig, LoraModel> = {
  Config: LoraConfig,
  learningRates: { continues: 1e-2, classifies: 1e-3 },
  layerType: 'lora.Linear',
  modelType: 'LoraModel',
  options: {},
  create: LoraModel.create,
  profile: { defaults: {}, fixed: ['r'] },
};

/** Enters the kind in both tables, which in the library is a line each. Returns a function that removes it. */
export function enterLora(): () => void {
  const tables = [
    [ADAPTER_KINDS, loraKind],
    [PAGE_KINDS, LORA_PAGE_KIND],
  ] as unknown as [unknown[], unknown][];
  for (const [table, entry] of tables) table.push(entry);
  return () => {
    for (const [table] of tables) table.pop();
  };
}
