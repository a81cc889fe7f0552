// In a frame of no origin: trains, and tells the page around it what came of it.

import { trainAndSave } from '../lib/saved.js';
import { failure } from '../runs/failure.js';

const training = trainAndSave({});
const outcome = await training.catch(() => failure(training));
parent.postMessage({ origin: self.origin, ...outcome }, '*');
