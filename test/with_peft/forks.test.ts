import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Folders } from './lib/folders';
import { describeWithPeft } from './lib/peft';
import { runFreshPython, runPython } from './lib/python';

/** A script that prints the state in which it starts, and changes state that the next script must not see. */
const REPORT = `import json, os, sys, warnings
import peft, torch, transformers.trainer
seen = {"args": sys.argv[1:], "path": sys.path[0], "cwd": os.getcwd(), "file": __file__, "threads": torch.get_num_threads(),
        "mine": os.environ.get("MINE"), "left": os.environ.get("LEFT"), "filters": len(warnings.filters),
        "helper": "helper" in sys.modules, "default": str(torch.get_default_dtype())}
import helper
print(json.dumps(seen), flush=True)
os.environ["LEFT"] = "trace"
os.chdir("/")
warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
sys.exit(helper.code)`;

describeWithPeft('a script in a fork', () => {
  const folders = new Folders();
  const write = (text: string) =>
    folders.write([
      ['script.py', new Blob([text])],
      ['helper.py', new Blob(['code = 3'])],
    ]);

  test('starts as in a process of its own, whatever ran before', async () => {
    const folder = await write(REPORT);
    const command = ['script.py', '7'];
    const options = { env: { MINE: 'yes' } };
    const fresh = await runFreshPython(folder, command, options);
    expect(fresh.code).toBe(3);
    expect(JSON.parse(fresh.output)).toMatchObject({ args: ['7'], cwd: folder, mine: 'yes', left: null });
    expect(await runPython(folder, command, options)).toEqual(fresh);
    expect(await runPython(folder, command, options)).toEqual(fresh);
  });

  test.each([
    ['a message', 'import sys; print("before"); sys.exit("wrong")', 1, /^before\nwrong\n$/],
    ['an error', 'print("before"); raise ValueError("wrong")', 1, /^before\nTraceback.*\nValueError: wrong\n$/s],
    ['a crash', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', null, /^$/],
    ['its last line', 'import subprocess; subprocess.run(["echo", "line"], check=True)', 0, /^line\n$/],
  ])('ends by %s', async (_, text, code, output) => {
    const ending = await runPython(await write(text), ['script.py']);
    expect(ending).toEqual({ code, output: expect.stringMatching(output) });
  });

  test('is missing', async () => {
    const { code, output } = await runPython(folders.make(), [join('nowhere', 'script.py')]);
    expect(code).toBe(1);
    expect(output).toContain('No such file or directory');
  });
});
