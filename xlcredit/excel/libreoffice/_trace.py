"""placeholder"""
def traced(document, cell, answer):
    a = cell.getRangeAddress()
    c = cell.getCellByPosition(0,0)
    sheet = cell.getSpreadsheet()
    out=[c.getFormula(), c.getError()]
    import traceback
    for t in ("A1", "$Sheet.A1", "$Sheet2.B1:B2", "$'Cash flow'.B1:C2", "named", "list"):
        try:
            out.append((t, sheet.getCellRangeByName(t).getDataArray()))
        except Exception as e:
            out.append((t, repr(e)[:60]))
    return (repr(out), ())
