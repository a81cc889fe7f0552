// In a frame of no origin: trains, and tells the page around it what came of it.
import { failure } from './failure.js';
import { trainAndSave } from './saved.js';

const training = trainAndSave({});
const outcome = await training.catch(() => failure(training));
parent.postMessage({ origin: self.origin, ...outcome }, '*');
