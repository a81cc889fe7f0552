import { checkDevice } from '../library/device';
import { Store } from '../store';
import { Banner } from '../ui/banner';
import { showDevice } from '../ui/device_note';
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
