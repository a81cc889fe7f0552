import { parseJsonObject } from '../../../../src/formats/json';
import { pythonJson } from '../../../../src/formats/python_json';
import { expectSame, type FuzzTarget } from '../../target';

/** The input: a JSON file. It is read, written in Python's format, and read again. */
export const target: FuzzTarget = {
  name: 'python_json',
  codes: ['invalid_format', 'limit_exceeded'],
  run(bytes) {
    const value = parseJsonObject(bytes, 'file.json');
    const again = parseJsonObject(new TextEncoder().encode(pythonJson(value, { floats: ['d_initial'] })), 'file.json');
    expectSame('what is written again', again, value);
  },
};
