// Fits logistic regressions with scikit-learn, in Python, for the rows that a table compares classifiers with.
import { inRepository } from '../../shared/paths.mjs';
import { askPython } from '../ask_python.mjs';

/** @typedef {{ readonly inputs: readonly string[] | readonly (readonly number[])[], readonly labels: readonly string[] }} Inputs texts or vectors */
/**
 * The input of `regression.py`.
 * @typedef {object} Regressions
 * @property {Inputs} train
 * @property {Inputs} test
 * @property {readonly (readonly number[])[]} runs rows of `train`, for each regression
 */
/** @typedef {{ readonly accuracy: number, readonly C: number, readonly seconds: number }} Regression `accuracy`: the share of the test that is right */

/**
 * @param {Regressions} request
 * @param {(line: string) => void} report called before an installation of the packages, which may take minutes
 * @returns {Promise<readonly Regression[]>} one for each of `runs`. Rejects with PythonMissing where no Python can run it
 */
export function fitRegressions(request, report) {
  return askPython(inRepository('scripts/results/scikit/regression.py'), request, report);
}
