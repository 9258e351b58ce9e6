// What Excel does with a custom function: it checks what is registered, hands over arguments as
// the metadata says, and refuses answers that are no rectangle of legal cells. The names are
// those of Microsoft's office.js; only what custom functions use is here.
"use strict";
const functions = new Map();
const TYPES = { Null: "#NULL!", Div0: "#DIV/0!", Value: "#VALUE!", Ref: "#REF!", Name: "#NAME?", Num: "#NUM!", NotAvailable: "#N/A" };

class CustomFunctionsError extends Error {
  constructor(code, message) { super(message); this.code = code; }
}
globalThis.CustomFunctions = {
  associate: (id, f) => functions.set(id, f),
  Error: CustomFunctionsError,
  ErrorCode: { invalidValue: "#VALUE!" },
};

/** Refuse metadata that Excel would refuse; the rules are those of its JSON schema. */
function checked(meta) {
  const ids = new Set();
  for (const f of meta.functions) {
    if (!/^[A-Za-z][A-Za-z0-9._]{2,127}$/.test(f.name)) throw Error(`${f.name}: no name for Excel`);
    if (/^[A-Za-z]{1,3}[0-9]+$/.test(f.name)) throw Error(`${f.name} is a cell`);
    if (ids.has(f.id)) throw Error(`${f.id} is there twice`);
    ids.add(f.id);
    if (!f.description) throw Error(`${f.name} is not described`);
    if (f.result.dimensionality !== "matrix") throw Error(`${f.name} cannot spill`);
    let optional = false;
    for (const p of f.parameters) {
      if (!p.name || !p.description) throw Error(`${f.name}: an argument is not described`);
      if (p.type !== "any") throw Error(`${f.name}: ${p.name} would be converted`);
      if (optional && !p.optional) throw Error(`${f.name}: ${p.name} must be optional`);
      optional = Boolean(p.optional);
    }
  }
  if (!meta.allowErrorForDataTypeAny) throw Error("errors would not arrive");
  return meta;
}

/** A cell as a custom function gets it: errors are objects, blanks are null. */
const given = (cell) =>
  typeof cell === "object" && cell !== null ? { type: "Error", basicType: "Error", basicValue: cell.error } : cell;

/** A cell as it shows; undefined if Excel would refuse it. */
function shown(cell) {
  if (["string", "boolean"].includes(typeof cell) || Number.isFinite(cell)) return cell;
  if (cell?.type === "FormattedNumber" && Number.isFinite(cell.basicValue)) return cell.basicValue;
  if (cell?.type === "Error" && TYPES[cell.errorType]) return { error: TYPES[cell.errorType] };
  return undefined;
}

/** Evaluate =ID(arguments) in a cell: rows of what shows, and the text on hover. */
globalThis.evaluate = async (meta, id, blocks, address) => {
  const f = meta.functions.find((one) => one.id === id);
  if (!f || !functions.has(id)) return { cells: [[{ error: "#NAME?" }]] };
  const args = f.parameters.map((p, i) => {
    if (blocks[i] === undefined || blocks[i] === null) return null;
    return blocks[i].map((row) => row.map(given));
  });
  try {
    const rows = await functions.get(id)(...args, { address });
    if (!Array.isArray(rows) || !rows.every((r) => Array.isArray(r) && r.length && r.length === rows[0].length))
      throw Error(`${id}: no rectangle: ${JSON.stringify(rows)}`);
    const cells = rows.map((row) => row.map(shown));
    if (cells.flat().includes(undefined)) throw Error(`${id}: no cell: ${JSON.stringify(rows)}`);
    return { cells };
  } catch (error) {
    if (!(error instanceof CustomFunctionsError)) return { cells: [[{ error: "refused" }]], hover: String(error) };
    return { cells: [[{ error: error.code }]], hover: error.message };
  }
};

/** What a host's task pane does: associate each function with a call of Python. */
globalThis.register = (meta) => {
  for (const { id } of checked(meta).functions)
    CustomFunctions.associate(id, async (...args) => {
      const { address } = args.pop();
      const body = JSON.stringify({ func_name: id, args, caller_address: address });
      const answer = await (await fetch("/call", { method: "POST", body })).json();
      if (answer.error) throw new CustomFunctions.Error(CustomFunctions.ErrorCode.invalidValue, answer.error);
      return answer.result;
    });
};

/** Register what the host offers and evaluate the cases that it sends. */
globalThis.main = async () => {
  const told = { cases: [] };
  try {
    const meta = await (await fetch("/meta")).json();
    register(meta);
    told.registered = [...functions.keys()];
    for (const one of await (await fetch("/cases")).json())
      told.cases.push(await evaluate(meta, one.name, one.blocks, one.address));
  } catch (error) {
    told.failed = String(error);
  }
  await fetch("/done", { method: "POST", body: JSON.stringify(told) });
};
