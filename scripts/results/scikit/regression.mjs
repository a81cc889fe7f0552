// Fits logistic regressions with scikit-learn, in Python, for tables that compare them with webvera's classifiers.
import { inRepository } from '../../shared/paths.mjs';
import { askPython } from '../ask_python.mjs';

/** @typedef {{ readonly inputs: readonly string[] | readonly (readonly number[])[], readonly labels: readonly string[] }} Inputs texts or vectors */
/**
 * The input of `regression.py`.
 * @typedef {object} Regressions
 * @property {Inputs} train
 * @property {Inputs} test
 * @property {readonly (readonly number[])[]} runs for each regression, the indices of its examples in `train`
 */
/**
 * `accuracy`: the fraction of the test set that is predicted correctly.
 * @typedef {{ readonly accuracy: number, readonly C: number, readonly seconds: number }} Regression
 */

/**
 * @param {Regressions} request
 * @param {(line: string) => void} report called before the packages are installed, which may take minutes
 * @returns {Promise<readonly Regression[]>} one for each of `runs`. Rejects with PythonMissing if no Python can run the script
 */
export function fitRegressions(request, report) {
  return askPython(inRepository('scripts/results/scikit/regression.py'), request, report);
}
