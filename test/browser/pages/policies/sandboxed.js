// Trains in a frame with an opaque origin, and reports to the parent page.

import { trainAndSave } from '../lib/saved.js';
import { failure } from '../runs/failure.js';

const training = trainAndSave({});
const outcome = await training.catch(() => failure(training));
parent.postMessage({ origin: self.origin, ...outcome }, '*');
