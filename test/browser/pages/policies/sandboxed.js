// Trains in a frame without an origin, and reports to the page around it.

import { trainAndSave } from '../lib/saved.js';
import { failure } from '../runs/failure.js';

const training = trainAndSave({});
const outcome = await training.catch(() => failure(training));
parent.postMessage({ origin: self.origin, ...outcome }, '*');
