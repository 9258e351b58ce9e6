// xlwings Lite without Excel: its Python is Pyodide's, and so is this one. Arguments: the folder
// of the npm package pyodide, archives to install, and the text of main.py. Prints JSON.
import fs from "node:fs";
import path from "node:path";

const [folder, program, ...archives] = process.argv.slice(2);
const { loadPyodide } = await import(path.join(folder, "pyodide.mjs"));
const python = await loadPyodide();
for (const archive of archives)
  python.unpackArchive(new Uint8Array(fs.readFileSync(archive)), archive.endsWith(".whl") ? "wheel" : "zip", {
    extractDir: python.runPython("import site; site.getsitepackages()[0]"),
  });
python.globals.set("program", program);
const told = await python.runPythonAsync(`
import json, os, sys, types
os.environ["XLWINGS_LICENSE_KEY"] = "noncommercial"  # xlwings Lite brings its own; see dispatcher.py
import xlwings.server

# NumPy's WebAssembly wheel is on no package registry. In its place stand names without any
# mathematics: enough to import and register everything, not to calculate a number.
class Anything(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)
    def __getitem__(cls, item):
        return cls

def stand_in(name):
    return Anything(name, (), {
        "__init__": lambda self, *args, **named: None,
        "__getattr__": lambda self, name: 1.0,
        "__enter__": lambda self: self,
        "__exit__": lambda self, *args: None,
    })

class Module(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)

for name in ("numpy", "numpy.typing", "numpy.lib", "numpy.lib.stride_tricks"):
    sys.modules[name] = Module(name)
before = set(sys.modules)

main = types.ModuleType("main")
exec(program, main.__dict__)

async def call(name, *args):
    body = {"client": "Office.js", "func_name": name, "args": list(args), "version": "test",
            "caller_address": "[Deal.xlsx]Debt!C5", "runtime": "1.4", "date_format": "m/d/yyyy",
            "culture_info_name": "en-US", "session_id": "test"}
    return await xlwings.server.custom_functions_call(body, module=main)

why = await call("XLC_WHY", [[{"type": "Error", "basicValue": "#NUM!"}]])
json.dumps({
    "python": sys.version.split()[0],
    "platform": sys.platform,
    "functions": [f["name"] for f in xlwings.server.custom_functions_meta(main)["functions"]],
    "version": await call("XLC_VERSION"),
    "why": why,
    "loaded": sorted({name.split(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names),
})
`).catch((error) => {
  console.error(error.message); // Node would show a page of Pyodide's own source
  process.exit(1);
});
console.log(told);
