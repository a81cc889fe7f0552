import { checkDevice } from '../library/device';
import { Banner } from '../page/banner';
import { showDevice } from '../page/device_note';
import { Store } from '../page/store';
import { resultCard } from './result_card';
import { runCard } from './run_card';
import type { BenchApp, BenchState } from './state';

const store = new Store<BenchState>({ device: undefined, phase: 'idle', report: undefined });
const app: BenchApp = { store, banner: new Banner() };
runCard(app);
resultCard(app);

const device = await checkDevice();
showDevice(device);
store.set({ device });
